"""Hostile SMILES: mutated polymers, texts of a grammar, graphs that no chemist draws, limits."""

import random
import string
from collections import Counter
from collections.abc import Callable, Sequence

POLYMERS = (
    "*CC*",
    "*CC(*)C",
    "*CC(*)c1ccccc1",
    "*CC(*)(C)C(=O)OC",
    "*CC(*)Cl",
    "*C(F)(F)C(*)(F)F",
    "*OCCOC(=O)c1ccc(C(*)=O)cc1",
    "*NCCCCCCNC(=O)CCCCC(*)=O",
    "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1",
    "*C/C=C(/C)C*",
    "*O[Si](*)(C)C",
    "*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1",
    "*N=P(*)(Cl)Cl",
    "*c1ccc(*)s1",
    "*CC(*)C(=O)[O-]",
    "*CC(*)[N+](C)(C)C",
    "*O[C@@H](C)C(*)=O",
    "*OC1C(CO)OC(*)C(O)C1O",
    "*c1ccc2c(c1)C(=O)N(*)C2=O",
    "*S(=O)(=O)c1ccc(Oc2ccc(*)cc2)cc1",
    "*C1C2CCC(C2)C1*",
    "*CCCCCCCCCCCC(=O)N*",
    "*NC(=O)Nc1ccc(Cc2ccc(NC(=O)*)cc2)cc1",
    "*C#Cc1ccc(*)cc1",
    "*[Si](C)(CCC(F)(F)F)O*",
    "*CC(*)C#N",
    "*c1ccc(-c2nc3cc(-c4ccc5[nH]c(*)nc5c4)ccc3[nH]2)cc1",
)
"""Repeat units of polymers that everybody knows."""

_SIGNS = "CNOSPFIBcnosp*[]()=#-+/\\@.%0123456789:$~H lrsi"
_ATOMS = ("C", "C", "C", "N", "O", "S", "P", "F", "Cl", "Br", "I", "B", "c", "n", "o", "s", "*")
_ELEMENTS = (
    *("H", "He", "Li", "C", "N", "O", "F", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Fe", "Cu"),
    *("Zn", "Ge", "As", "Se", "se", "te", "Br", "Ag", "Sn", "I", "Xe", "Pt", "Au", "Hg", "Pb"),
    *("U", "Pu", "Og", "D", "X", "R", "*", "#6", "b", "c", "n", "p", "nH", "si"),
)
_BONDS = ("", "", "", "", "=", "#", "-", ":", "/", "\\", "$", "~", "->", "<-", ".")

_KINDS = (
    (4, ("C",)),
    (4, ("C", "[C@H]", "C")),
    (4, ("[Si]", "C")),
    (3, ("c",)),
    (3, ("c", "n")),
    (3, ("C", "N")),
    (3, ("b",)),
    (5, ("P",)),
    (6, ("S",)),
    (4, ("C", "*")),
    (14, ("[U]",)),
    (14, ("*", "[Fe]")),
    (14, ("[Pt]",)),
)
"""How many neighbours some kinds of atoms may have, and these."""

_VALENCE = 14
"""Of more neighbours than any atom has."""

Edges = list[tuple[int, int]]


def mutated(draw: random.Random) -> str:
    """A polymer's SMILES with some slips of the pen, or pieces of another."""
    text = draw.choice(POLYMERS)
    for _ in range(draw.randint(1, 6)):
        place, length = draw.randrange(len(text) + 1), draw.randint(1, 8)
        piece = text[place : place + length]
        text = draw.choice(
            (
                text[:place] + text[place + length :],
                text[:place] + draw.choice(_SIGNS) + text[place:],
                text[:place] + draw.choice(_SIGNS) + text[place + 1 :],
                text[:place] + piece * draw.randint(2, 40) + text[place:],
                text[:place] + bracket_atom(draw) + text[place:],
                text[:place] + draw.choice(POLYMERS)[draw.randrange(5) :],
                text + "." + draw.choice(("[Na+]", "[Cl-]", "O", "CCO", "*CC*", "[Fe]", "*")),
            )
        )
        text = text[:3000] or "*"
    return text


def bracket_atom(draw: random.Random) -> str:
    """An atom in brackets with whatever may stand there, often too much of it."""
    number = draw.choice(("", "", "", "1", "13", "999", "99999", "4294967297"))
    sign = draw.choice(("", "", "", "+", "-", "+2", "-3", "+4", "++", "----", "+15", "-128", "+-"))
    hydrogens = draw.choice(("", "", "", "H", "H2", "H3", "H4", "H9", "H99"))
    chirality = draw.choice(("", "", "", "@", "@@", "@TH1", "@SP3", "@OH30", "@TB21", "@AL1"))
    atom_map = draw.choice(("", "", "", ":1", ":0", ":999", ":2147483648"))
    return f"[{number}{draw.choice(_ELEMENTS)}{chirality}{hydrogens}{sign}{atom_map}]"


def of_grammar(draw: random.Random, depth: int = 0) -> str:
    """A text that follows the grammar of SMILES, with little regard for chemistry."""
    text, open_rings = "", list[str]()
    for _ in range(draw.randint(1, 14 if depth == 0 else 5)):
        if text:
            text += draw.choice(_BONDS)
        text += draw.choice(_ATOMS) if draw.random() < 0.85 else bracket_atom(draw)
        if draw.random() < 0.2:
            number = str(draw.randint(1, 9)) if draw.random() < 0.9 else f"%{draw.randint(10, 99)}"
            text, open_rings = text + number, [*open_rings, number]
        elif open_rings and draw.random() < 0.4:
            text += open_rings.pop(draw.randrange(len(open_rings)))
        if depth < 4 and draw.random() < 0.25:
            text += f"({draw.choice(_BONDS[:6])}{of_grammar(draw, depth + 1)})"
    closing = "".join(f"C{number}" for number in open_rings if draw.random() < 0.9)
    text += closing
    return f"*{text}*" if depth == 0 and draw.random() < 0.7 else text


def of_graph(draw: random.Random) -> str:
    """A graph that no chemist draws, as SMILES."""
    edges = draw.choice(_GRAPHS)(draw)
    size = 1 + max(map(max, edges))
    most = max(Counter(atom for edge in edges for atom in edge).values())
    kinds = draw.choice([kinds for valence, kinds in _KINDS if valence >= most or most > _VALENCE])
    atoms = [draw.choice(kinds) for _ in range(size)]
    for _ in range(draw.choice((0, 1, 2, 2, 2, 7))):
        atoms.append("*")
        edges.append((draw.randrange(size), len(atoms) - 1))
    unsaturated = most < 3 or draw.random() < 0.2
    return written(atoms, edges, lambda: draw.choice(("", "", "=")) if unsaturated else "")


def written(atoms: Sequence[str], edges: Edges, bond: Callable[[], str] = str) -> str:
    """A graph as SMILES; its parts are written one after another, with dots between.

    Args:
        atoms: of V atoms, each as SMILES.
        edges: pairs of their indices, each once.
        bond: gives the sign before the next atom.
    """
    neighbours: list[list[int]] = [[] for _ in atoms]
    for first, second in edges:
        neighbours[first].append(second)
        neighbours[second].append(first)
    closures, parents, order = _walked(neighbours)
    free, numbers = list(range(999, 0, -1)), dict[tuple[int, int], int]()
    children: list[list[int]] = [[] for _ in atoms]
    for atom in order:
        if parents[atom] >= 0:
            children[parents[atom]].append(atom)
    texts: list[str] = []
    stack: list[int | str] = [atom for atom in reversed(order) if parents[atom] < 0]
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            texts.append(top)
            continue
        if parents[top] < 0 and texts:
            texts.append(".")
        texts.append(atoms[top])
        for closure in closures[top]:
            if closure in numbers:
                number = numbers.pop(closure)
                free.append(number)
            else:
                number = numbers[closure] = free.pop()
            texts.append(_number(number))
        for child in children[top][:-1]:
            stack[len(stack) :] = [")", child, "(" + bond()]
        # The last branch goes on without brackets, below those that were put on top of it.
        if children[top]:
            branches = 3 * (len(children[top]) - 1)
            stack[len(stack) - branches : len(stack) - branches] = [children[top][-1], bond()]
    return "".join(texts)


def _number(number: int) -> str:
    if number < 10:
        return str(number)
    return f"%{number}" if number < 100 else f"%({number})"


def _walked(
    neighbours: list[list[int]],
) -> tuple[list[list[tuple[int, int]]], list[int], list[int]]:
    """A depth-first walk: the bonds that close rings at each atom, the parents, the order."""
    parents, place, order = [-1] * len(neighbours), [-1] * len(neighbours), list[int]()
    closures: list[list[tuple[int, int]]] = [[] for _ in neighbours]
    for start in range(len(neighbours)):
        stack = [(start, -1)]
        while stack:
            atom, parent = stack.pop()
            if place[atom] >= 0:
                continue
            parents[atom], place[atom] = parent, len(order)
            order.append(atom)
            stack += [(other, atom) for other in neighbours[atom] if place[other] < 0]
    for atom in order:
        for other in neighbours[atom]:
            if parents[atom] != other and parents[other] != atom:
                closures[atom].append((min(atom, other), max(atom, other)))
    return closures, parents, order


def _regular(draw: random.Random) -> Edges:
    """A graph of random bonds, as many at each atom."""
    size, degree = draw.choice((8, 14, 20, 40, 60, 100, 200)), draw.choice((3, 3, 4, 5, 6))
    ends = [atom for atom in range(size) for _ in range(degree)]
    draw.shuffle(ends)
    pairs = {(min(pair), max(pair)) for pair in zip(ends[::2], ends[1::2], strict=False)}
    return [pair for pair in pairs if pair[0] != pair[1]]


def _ladder(draw: random.Random) -> Edges:
    """Rings of equal size in a row, closed to a hoop or not, twisted or not."""
    rungs, step = draw.choice((3, 4, 5, 8, 20, 40, 90)), draw.choice((1, 1, 2))
    length = rungs * step + 1
    rails = [(i, i + 1) for i in range(2 * length - 1) if i != length - 1]
    edges = rails + [(i, length + i) for i in range(0, length, step)]
    if draw.random() < 0.4:
        ends = [(0, length - 1), (length, 2 * length - 1)]
        edges += ends if draw.random() < 0.5 else [(0, 2 * length - 1), (length - 1, length)]
    return list(dict.fromkeys((min(edge), max(edge)) for edge in edges))


def _sheet(draw: random.Random) -> Edges:
    """A sheet of squares or of hexagons, rolled up or not."""
    rows, columns, hexagons = draw.randint(2, 14), draw.randint(3, 24), draw.random() < 0.6
    edges = [
        (row * columns + column, row * columns + column + 1)
        for row in range(rows)
        for column in range(columns - 1)
    ]
    edges += [
        (row * columns + column, (row + 1) * columns + column)
        for row in range(rows - 1)
        for column in range(columns)
        if not hexagons or (row + column) % 2 == 0
    ]
    if draw.random() < 0.4:
        edges += [(row * columns, row * columns + columns - 1) for row in range(rows)]
    return edges


def _hub(draw: random.Random) -> Edges:
    """Atoms with very many neighbours."""
    hubs, spokes = draw.choice((1, 1, 2, 3)), draw.choice((5, 9, 20, 80, 300))
    edges = [(hub, hubs + spoke) for hub in range(hubs) for spoke in range(spokes)]
    return edges + [(hub, hub + 1) for hub in range(hubs - 1)]


def _complete(draw: random.Random) -> Edges:
    """Everything bonded to everything."""
    size = draw.choice((4, 5, 6, 8, 10, 14, 18))
    return [(first, second) for second in range(size) for first in range(second)]


def _dendrimer(draw: random.Random) -> Edges:
    """A tree in which every branch branches again."""
    size, branches = draw.choice((30, 120, 390)), draw.choice((2, 2, 3))
    return [((atom - 1) // branches, atom) for atom in range(1, size)]


def _spiro(draw: random.Random) -> Edges:
    """Small rings or cages in a row, each joined to the next."""
    size, copies = draw.choice((3, 3, 4, 5, 6, 8)), draw.choice((2, 10, 45, 130))
    shape = [(i, i + 1) for i in range(size - 1)] + [(0, size - 1)]
    if size == 8:  # cubane
        shape += [(0, 3), (1, 6), (2, 5), (4, 7)]
    shared, edges = draw.random() < 0.3, Edges()
    for copy in range(copies):
        first = copy * (size - shared)
        edges += [(first + a, first + b) for a, b in shape]
        if not shared and copy:
            edges.append((first - 1, first))
    return edges


_GRAPHS = (_regular, _ladder, _sheet, _hub, _complete, _dendrimer, _spiro)


def at_limits(draw: random.Random) -> str:
    """A text at or beyond what may be read: its length, depth, numbers."""
    many = draw.choice((5, 60, 130, 199, 200, 390, 398, 399, 1000, 3000))
    letter = draw.choice(("C", "c", "[CH2]", "C(F)", "C=C", "C#C", "S(=O)(=O)", "[C@H](O)", "N"))
    return draw.choice(
        (
            f"*{letter * many}*",
            "C(" * many + "C" + ")" * many,
            "*" + "(" * many + "C" + ")" * many,
            "*C" + f"({letter})" * many + "*",
            ".".join([letter] * many) + ".*CC*",
            ".".join(["*C*"] * many),
            "*C*." + "[Na+].[Cl-]." * many + "O",
            "*C" + "".join(f"%{10 + i % 90}" for i in range(many)) + "*",
            "*" + "".join(f"C%({i})C%({i})C" for i in range(min(many, 400))) + "*",
            ".".join(f"C%{i}C%{i + 1}" for i in range(10, min(99, 10 + many))) + "*",
            f"*[{'9' * min(many, 60)}C]*",
            f"*[C{'+' * min(many, 60)}]*",
            f"*[CH{many}]*",
            f"*[C:{'1' * min(many, 60)}]*",
            f"*C1{letter * many}C1*",
            "*" + "C1CC1" * many + "*",
            "*" + "c1ccc(cc1)" * many + "*",
            "*" + "C12C3C4C1C5C4C3C25" * (many // 8) + "*",
            "*" + "C12CC3CC(C1)CC(C3)(C2)" * (many // 8) + "*",
            "*" + "N->[Fe]<-N" * (many // 4) + "*",
            "*" + "/C=C/" * many + "*",
            "*[" + draw.choice(string.printable) * many + "]*",
        )
    )
