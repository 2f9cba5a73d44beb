"""What a source file and a credential say."""
