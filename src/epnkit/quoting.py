r"""Writing a text in another language: one function a language, used wherever epnkit writes in it.

What a source holds, its values and the names of its fields, may hold anything.  Each function
returns a form that the language's own parser reads back as the same text and as nothing else, or
refuses a text that the language cannot hold.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final
from xml.sax.saxutils import escape

from epnkit.errors import ConfigurationError

#: What XML 1.0 cannot hold (section 2.2, production 2), as a pattern of Python and of polars;
#: lone surrogates, which it cannot hold either, are in no string of polars.
XML_FORBIDDEN: Final = r"[\x00-\x08\x0B\x0C\x0E-\x1F\x{FFFE}\x{FFFF}]"

#: The same for Python.
XML_FORBIDDEN_IN_PYTHON: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

#: What a terminal would act upon, or show other text than there is: controls but tab and newline,
#: bidirectional marks, separators of lines, invisible characters, lone surrogates.
_UNPRINTABLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)

#: What Markdown may take for markup.
_MARKDOWN = re.compile(r"[\\`*\[\]<>#&|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])")

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")

#: A name that SQL takes without quotes.
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

#: Words that PostgreSQL, SQLite or MariaDB reserve, as their manuals list them.
_RESERVED_WORDS = """
    accessible add after all alter analyse analyze and any array as asc asensitive asymmetric
    attach authorization autoincrement before begin between bigint binary blob body both by call
    cascade case cast change char character check collate column commit condition conflict
    constraint continue convert create cross current_catalog current_date current_role
    current_schema current_time current_timestamp current_user cursor database databases day_hour
    day_microsecond day_minute day_second dec decimal declare default deferrable deferred delayed
    delete desc describe detach deterministic distinct distinctrow div do do_domain_ids double
    drop dual each else elseif elsif enclosed end escape escaped except exclusive exists exit
    explain fail false fetch float float4 float8 for force foreign freeze from full fulltext
    general glob goto grant group having high_priority history hour_microsecond hour_minute
    hour_second if ignore ignore_domain_ids ignore_server_ids ilike immediate in index indexed
    infile initially inner inout insensitive insert instead int int1 int2 int3 int4 int8 integer
    intersect interval into is isnull iterate join key keys kill leading leave left like limit
    linear lines load localtime localtimestamp lock long longblob longtext loop low_priority
    master_heartbeat_period master_ssl_verify_server_cert match maxvalue mediumblob mediumint
    mediumtext middleint minute_microsecond minute_second mod modifies natural new
    no_write_to_binlog not notnull null numeric of off offset old on only optimize option
    optionally or order others out outer outfile over overlaps package page_checksum
    parse_vcol_expr partition period placing plan position pragma precision primary procedure
    purge query raise range read read_write reads real recursive ref_system_id references regexp
    reindex release rename repeat replace require resignal restrict return returning revoke right
    rlike rollback row row_number rows rowtype schema schemas second_microsecond select sensitive
    separator session_user set show signal similar slow smallint some spatial specific sql
    sql_big_result sql_calc_found_rows sql_small_result sqlexception sqlstate sqlwarning ssl
    starting stats_auto_recalc stats_persistent stats_sample_pages straight_join symmetric system
    system_time table temp temporary terminated then tinyblob tinyint tinytext to trailing
    transaction trigger true undo union unique unlock unsigned update usage use user using
    utc_date utc_time utc_timestamp vacuum values varbinary varchar varcharacter variadic varying
    verbose versioning view virtual when where while window with without write xor year_month
    zerofill
"""
_RESERVED = frozenset(_RESERVED_WORDS.split())

#: A word that systemd takes without quotes.
_PLAIN_WORD = re.compile(r"[A-Za-z0-9_=:,./-]+")


def printable(text: str) -> str:
    r"""Write a text for a terminal or a message: what is not seen is shown by its number.

    The form is that of JSON, so that what is JSON stays JSON of the same meaning.

    Examples
    --------
    >>> printable("Sun\x1b[2J")
    'Sun\\u001b[2J'
    """
    return _UNPRINTABLE.sub(_escape_as_json, text)


def _escape_as_json(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"


def python_text(text: str) -> str:
    r"""Write a text as a literal of Python, in double quotes.

    Examples
    --------
    >>> python_text('a "b"\n')
    '"a \\"b\\"\\u000a"'
    """
    return f'"{_escape_unseen(text)}"'


def python_value(value: Any) -> str:
    """Write a text, a number, or a container of them, as Python.

    Examples
    --------
    >>> python_value({"a": (1, float("inf"), None)})
    '{"a": (1, float("inf"), None)}'
    """
    match value:
        case str():
            return python_text(value)
        case float() if not math.isfinite(value):
            return f'float("{value}")'
        case Mapping():
            pairs = (f"{python_value(k)}: {python_value(v)}" for k, v in value.items())
            return f"{{{', '.join(pairs)}}}"
        case tuple():
            items = ", ".join(map(python_value, value))
            return f"({items}{',' if len(value) == 1 else ''})"
        case list():
            return f"[{', '.join(map(python_value, value))}]"
    return repr(value)


def comment(text: str) -> str:
    r"""Write a text for a comment that ends with its line: one line, and nothing unseen.

    Examples
    --------
    >>> comment("one\nimport os")
    'one import os'
    """
    seen = "".join(c if c.isprintable() else " " for c in text)
    return " ".join(seen.split())[:300]


def python_docstring(text: str) -> str:
    r"""Write a text within a docstring of one line: it reads as it is, save for what is not seen.

    Examples
    --------
    >>> python_docstring('The "best"\\')
    'The \\"best\\"\\\\'
    """
    return _escape_unseen(text)


def toml_text(text: str) -> str:
    r"""Write a text as a basic string of TOML.

    Raises
    ------
    ConfigurationError
        If it holds half a character (a lone surrogate), which TOML cannot.

    Examples
    --------
    >>> toml_text("C:\\data")
    '"C:\\\\data"'
    """
    _require(re.search("[\ud800-\udfff]", text) is None, text, "TOML")
    return f'"{_escape_unseen(text)}"'


def _escape_unseen(text: str) -> str:
    """Escape quotes, backslashes and what is not seen, in the way of Python and TOML."""
    return "".join(map(_escape_one, text))


def _escape_one(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def xml_text(text: str) -> str:
    """Write a text as the content of an element of XML, or of an attribute in double quotes.

    What XML cannot hold at all becomes U+FFFD, the replacement character.

    Examples
    --------
    >>> xml_text('a < "b" ]]>')
    'a &lt; &quot;b&quot; ]]&gt;'
    """
    possible = XML_FORBIDDEN_IN_PYTHON.sub("\ufffd", text)
    return escape(possible, {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"})


def rd_text(text: str) -> str:
    r"""Write a text as content that DaCHS expands: a backslash would begin a macro.

    Examples
    --------
    >>> rd_text(r"\metaString{x}")
    '\\\\metaString{x}'
    """
    return xml_text(text.replace("\\", "\\\\"))


def sql_text(text: str) -> str:
    """Write a text as a literal of standard SQL and of ADQL.

    Raises
    ------
    ConfigurationError
        If it holds NUL, which databases do not take.

    Examples
    --------
    >>> sql_text("O'Neill")
    "'O''Neill'"
    """
    _require("\0" not in text, text, "SQL")
    return "'" + text.replace("'", "''") + "'"


def sql_name(name: str, quotes: str = '""') -> str:
    """Write the name of a table or column, in quotes unless it needs none.

    Parameters
    ----------
    name : str
        The name.
    quotes : str
        The opening and the closing quote of the database.

    Raises
    ------
    ConfigurationError
        If it holds NUL, which databases do not take.

    Examples
    --------
    >>> sql_name("observations"), sql_name("order"), sql_name('a"; DROP', '""')
    ('observations', '"order"', '"a""; DROP"')
    """
    _require("\0" not in name, name, "SQL")
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in _RESERVED:
        return name
    return quotes[0] + name.replace(quotes[-1], quotes[-1] * 2) + quotes[-1]


def markdown_text(text: str) -> str:
    r"""Write a text within a line of Markdown, or a cell of one of its tables.

    Examples
    --------
    >>> markdown_text("a|b <i>")
    'a\\|b \\<i\\>'
    """
    return _MARKDOWN.sub(r"\\\g<0>", comment(text))


def markdown_code(text: str) -> str:
    r"""Write a text as code within a line of Markdown; in a table its bars must not part cells.

    Examples
    --------
    >>> markdown_code("a`b|c")
    '`` a`b\\|c ``'
    """
    line = comment(text).replace("|", "\\|")
    longest = max(map(len, re.findall("`+", line)), default=0)
    fence = "`" * (longest + 1)
    blank = " " if longest or line != line.strip() else ""
    return f"{fence}{blank}{line}{blank}{fence}"


def systemd_word(text: str) -> str:
    r"""Write a text as one word of a setting of systemd (systemd.syntax(7), systemd.unit(5)).

    Raises
    ------
    ConfigurationError
        If it holds NUL or half a character.

    Examples
    --------
    >>> systemd_word("100% of 'it'")
    '"100%% of \'it\'"'
    """
    _require(re.search("[\0\ud800-\udfff]", text) is None, text, "a unit of systemd")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{_CONTROL.sub(lambda found: _escape_bytes(found[0]), escaped)}"'


def _escape_bytes(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode())


def systemd_command(words: Iterable[str]) -> str:
    """Write a command line for ExecStart, which expands variables too.

    Examples
    --------
    >>> systemd_command(["/bin/echo", "$HOME"])
    '/bin/echo "$$HOME"'
    """
    return " ".join(
        word if _PLAIN_WORD.fullmatch(word) else systemd_word(word).replace("$", "$$")
        for word in words
    )


def systemd_line(text: str) -> str:
    """Write a text as a setting of systemd that is taken whole, with blanks and quotes.

    Raises
    ------
    ConfigurationError
        If it does not fit on one line, or its ends would be lost.

    Examples
    --------
    >>> systemd_line("/etc/50% off")
    '/etc/50%% off'
    """
    fits = _CONTROL.search(text) is None and text == text.strip() and not text.endswith("\\")
    _require(fits and text.isprintable(), text, "a setting of systemd")
    return text.replace("%", "%%")


def shell_command(words: Iterable[str]) -> str:
    """Write a command line for a POSIX shell.

    Examples
    --------
    >>> shell_command(["echo", "$HOME"])
    "echo '$HOME'"
    """
    return shlex.join(words)


def cron_command(command: str) -> str:
    r"""Write a shell's command line for a crontab, which would end it at a percent sign.

    Parameters
    ----------
    command : str
        As :func:`shell_command` writes it: what holds a backslash is in single quotes.

    Raises
    ------
    ConfigurationError
        If it does not fit on one line.

    Examples
    --------
    >>> cron_command("date +%s")
    'date +\\%s'
    """
    _require(_CONTROL.search(command) is None, command, "a crontab")
    # Cron takes two characters after a backslash together: the quotes keep them apart.
    return command.replace("\\%", "\\''%").replace("%", "\\%")


def _require(holds: bool, text: str, language: str) -> None:
    if not holds:
        raise ConfigurationError(
            f"{ascii(text)[:80]} cannot be written in {language}",
            cure="Rename what bears that name, without control characters.",
        )
