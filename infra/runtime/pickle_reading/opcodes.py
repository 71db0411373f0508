"""What each opcode does to the machine."""

import codecs

from . import Unreadable
from .values import MARK, OPAQUE, Items, Name

STOP = b"."
OUTSIDE = "It refers to objects outside the file."


def _short(line):
    if line is None:
        raise Unreadable("malformed", "A name is too long.")
    return line


def _proto(machine):
    machine.protocol = machine.findings.protocol = machine.uint(1)
    if machine.protocol > 5:
        raise Unreadable("new-protocol", "It is of protocol %d; 5 is the newest known." % machine.protocol)


def _frame(machine):
    if machine.frame_end is not None:
        raise Unreadable("malformed", "A frame starts inside another.")
    size = machine.uint(8)
    if size > machine.source.limit:
        raise Unreadable("truncated", "The file ends before what it announces.")
    machine.frame_end = machine.source.at + size


def _global(machine):
    module, name = _short(machine.line()), _short(machine.line())
    try:
        machine.found(module.decode("utf-8"), name.decode("utf-8"))
    except UnicodeDecodeError:
        raise Unreadable("malformed", "A name is not UTF-8.")


def _stack_global(machine):
    name, module = machine.pop(), machine.pop()
    if not isinstance(name, Name) or not isinstance(module, Name):
        raise Unreadable("computed-name", "It computes the name of what it imports.")
    machine.found(str(module), str(name))


def _inst(machine):
    _global(machine)
    kind = machine.pop()
    machine.tuple(machine.pop_to_mark())
    arguments = machine.pop()
    machine.push(machine.call(kind, machine.keep(arguments)))


def _obj(machine):
    items = machine.pop_to_mark()
    if not items:
        raise Unreadable("malformed", "An object has no class.")
    for item in items:
        machine.keep(item)
    machine.push(machine.call(items[0], OPAQUE))


def _newobj(machine):
    arguments, kind = machine.pop(), machine.pop()
    machine.push(machine.instance(kind, arguments))


def _newobj_ex(machine):
    named, arguments, kind = machine.pop(), machine.pop(), machine.pop()
    machine.keep(kind)
    machine.keep(named)
    machine.push(machine.instance(kind, arguments))


def _reduce(machine):
    arguments, function = machine.pop(), machine.pop()
    machine.push(machine.call(function, arguments))


def _build(machine):
    state, target = machine.pop(), machine.pop()
    machine.push(machine.build(target, state))


def _persistent(machine):
    if not machine.findings.is_torch:
        raise Unreadable("persistent-id", OUTSIDE)
    machine.keep(machine.pop())
    machine.push(OPAQUE)


def _refuse(code, message):
    def step(machine):
        raise Unreadable(code, message)

    return step


def _extension(machine):
    raise Unreadable("extension", "It names what it imports by a number of copyreg's registry.")


def _skip_counted(size):
    def step(machine):
        machine.source.skip(machine.uint(size))
        machine.push(OPAQUE)

    return step


def _text(size):
    return lambda machine: machine.text(machine.uint(size), Name)


def _old_string(size):
    def step(machine):
        count = machine.uint(size)
        machine.source.skip(count)
        machine.push(OPAQUE)

    return step


def _string_line(machine):
    """STRING: a quoted, escaped line. Only old pickles have it; it names nothing that matters but fields."""
    line = machine.line()
    value = OPAQUE
    if line is not None and len(line) >= 2 and line[:1] == line[-1:] and line[:1] in (b"'", b'"'):
        try:
            value = codecs.escape_decode(line[1:-1])[0].decode("ascii")
        except (UnicodeDecodeError, ValueError):
            value = OPAQUE
    machine.push(value)


def _unicode_line(machine):
    line = machine.line()
    try:
        machine.push(OPAQUE if line is None else line.decode("raw-unicode-escape"))
    except UnicodeDecodeError:
        raise Unreadable("malformed", "A string is not well escaped.")


def _int_line(machine):
    line = machine.line()
    if line in (b"00", b"01"):
        machine.push(line == b"01")
        return
    machine.push(_number(line))


def _long_line(machine):
    line = machine.line()
    machine.push(OPAQUE if line is None else _number(line[:-1] if line.endswith(b"L") else line))


def _number(line):
    if line is None or len(line) > 40:
        return OPAQUE
    try:
        return int(line, 0)
    except ValueError:
        raise Unreadable("malformed", "A number is not one.")


def _float_line(machine):
    machine.line()
    machine.push(OPAQUE)


def _int(size, signed=False):
    return lambda machine: machine.push(int.from_bytes(machine.source.read(size), "little", signed=signed))


def _long(size):
    def step(machine):
        count = machine.uint(size)
        if count > 16:
            machine.source.skip(count)
            machine.push(OPAQUE)
        else:
            machine.push(int.from_bytes(machine.source.read(count), "little", signed=True))

    return step


def _float(machine):
    machine.source.read(8)
    machine.push(OPAQUE)


def _constant(value):
    return lambda machine: machine.push(value)


def _mark(machine):
    machine.push(MARK)


def _pop(machine):
    if not machine.stack:
        raise Unreadable("malformed", "It takes a value from an empty stack.")
    machine.stack.pop()


def _tuple_of(size):
    def step(machine):
        items = [machine.pop() for _ in range(size)]
        machine.tuple(items[::-1])

    return step


def _append(machine):
    machine.keep(machine.pop())
    machine.top()


def _appends(machine):
    for item in machine.pop_to_mark():
        machine.keep(item)
    machine.top()


def _list(machine):
    for item in machine.pop_to_mark():
        machine.keep(item)
    machine.push(OPAQUE)


def _put_items(machine, target, items):
    if len(items) % 2:
        raise Unreadable("malformed", "A dict has a key without a value.")
    for at in range(0, len(items), 2):
        machine.keep(items[at])
        machine.keep(items[at + 1])
        if isinstance(target, Items):
            target.put(items[at], items[at + 1])


def _set_item(machine):
    value, key = machine.pop(), machine.pop()
    _put_items(machine, machine.top(), [key, value])


def _set_items(machine):
    items = machine.pop_to_mark()
    _put_items(machine, machine.top(), items)


def _dict(machine):
    items = machine.pop_to_mark()
    target = Items()
    _put_items(machine, target, items)
    machine.push(target)


def _memoize(machine):
    machine.memo[len(machine.memo)] = machine.top()


def _put_line(machine):
    index = _number(machine.line())
    if not isinstance(index, int) or index < 0:
        raise Unreadable("malformed", "A memo index is not one.")
    machine.memo[index] = machine.top()


def _put(size):
    def step(machine):
        machine.memo[machine.uint(size)] = machine.top()

    return step


def _get(index_of):
    def step(machine):
        index = index_of(machine)
        if index not in machine.memo:
            raise Unreadable("malformed", "It uses a value that it has not stored.")
        machine.push(machine.memo[index])

    return step


STEPS = {
    code.encode("latin-1"): step
    for code, step in {
        "\x80": _proto,
        "\x95": _frame,
        "(": _mark,
        "0": _pop,
        "1": lambda machine: machine.pop_to_mark(),
        "2": lambda machine: machine.push(machine.top()),
        "c": _global,
        "\x93": _stack_global,
        "i": _inst,
        "o": _obj,
        "\x81": _newobj,
        "\x92": _newobj_ex,
        "R": _reduce,
        "b": _build,
        "P": _refuse("persistent-id", OUTSIDE),
        "Q": _persistent,
        "\x82": _extension,
        "\x83": _extension,
        "\x84": _extension,
        "\x97": _refuse("out-of-band", "It keeps data outside the file."),
        "\x98": _refuse("out-of-band", "It keeps data outside the file."),
        "N": _constant(None),
        "\x88": _constant(True),
        "\x89": _constant(False),
        "I": _int_line,
        "L": _long_line,
        "F": _float_line,
        "J": _int(4, signed=True),
        "K": _int(1),
        "M": _int(2),
        "\x8a": _long(1),
        "\x8b": _long(4),
        "G": _float,
        "S": _string_line,
        "T": _old_string(4),
        "U": _old_string(1),
        "V": _unicode_line,
        "X": _text(4),
        "\x8c": _text(1),
        "\x8d": _text(8),
        "B": _skip_counted(4),
        "C": _skip_counted(1),
        "\x8e": _skip_counted(8),
        "\x96": _skip_counted(8),
        ")": _constant(()),
        "\x85": _tuple_of(1),
        "\x86": _tuple_of(2),
        "\x87": _tuple_of(3),
        "t": lambda machine: machine.tuple(machine.pop_to_mark()),
        "]": _constant(OPAQUE),
        "l": _list,
        "a": _append,
        "e": _appends,
        "}": lambda machine: machine.push(Items()),
        "d": _dict,
        "s": _set_item,
        "u": _set_items,
        "\x8f": _constant(OPAQUE),
        "\x90": _appends,
        "\x91": _list,
        "q": _put(1),
        "r": _put(4),
        "p": _put_line,
        "\x94": _memoize,
        "h": _get(lambda machine: machine.uint(1)),
        "j": _get(lambda machine: machine.uint(4)),
        "g": _get(lambda machine: _number(machine.line())),
    }.items()
}
"""What each opcode of protocols 0 to 5 does, by its byte; STOP ends the walk."""
