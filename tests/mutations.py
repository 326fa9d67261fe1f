"""Files that were damaged, and what a call says of them."""

from rfjax.checks import InvalidInput


def mutated(content, random):
    """A file with a few bytes changed, cut out, repeated or put in."""
    content = bytearray(content)
    for _ in range(random.integers(1, 4)):
        at, length = random.integers(len(content) + 1), int(random.integers(1, 30))
        match random.integers(4):
            case 0:
                content[at : at + length] = random.bytes(length)
            case 1:
                del content[at : at + length]
            case 2:
                content[at:at] = content[at : at + length]
            case _:
                del content[at:]
    return bytes(content)


def told(function, *arguments, **options):
    """What a call gives, or None after one line of ours; anything else is raised."""
    said = ""
    try:
        return function(*arguments, **options)
    except InvalidInput as error:
        said = str(error)
    assert len(said.splitlines()) == 1
    return None
