"""What tests share: real servers, services brought up, faults on purpose, judges."""
