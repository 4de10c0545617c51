"""A site as a project: the files that its owner receives, in an order in which it can be watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from orchestration.adapters import words
from orchestration.adapters.look import Scheme
from orchestration.adapters.website import art
from orchestration.adapters.website.contact import LABELS, Fact
from orchestration.adapters.website.model import Page
from orchestration.adapters.website.plan import Plan
from orchestration.adapters.website.vite.blocks import Art, Source, opening, part
from orchestration.adapters.website.vite.template import PROJECT
from orchestration.adapters.website.vite.tsx import drawing, in_html, literal

FRAME = "the frame"
GIVEN_FIRST = ("package.json", "package-lock.json", "tsconfig.json", "vite.config.ts", "prerender.ts")
GIVEN = ("src/site.css", "src/parts.css", "src/pages.ts", "src/render.tsx", "src/main.tsx")
COMPONENTS = "src/components"
OWN_ART = {"HeroArt": "Hero"}
"""Components whose file is called otherwise, because another component has the name."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the project. `part` says what it belongs to: the frame, or the title of a page."""

    path: str
    text: str
    part: str

    @property
    def data(self) -> bytes:
        return self.text.encode()


def write(plan: Plan, folder: Path, on_file: Callable[[File], None]) -> list[File]:
    """Write the project into a folder of ours; `on_file` is told of each file after it is there.

    Where somebody else may write in the folder meanwhile, `files` and the sandbox's `put` do it. Returns the
    files as they are in the end. Raises OSError.
    """
    written: dict[str, File] = {}
    for file in files(plan):
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        written[file.path] = file
        on_file(file)
    return list(written.values())


def files(plan: Plan) -> Iterator[File]:
    """All files. First the frame, with which the site already shows its name and colours; then page by page.

    The home page comes twice: alone with its first screen, then whole.
    """
    drawings = Art()
    stems = _stems(plan)
    yield from _frame(plan)
    home = plan.site.pages[0]
    yield from _page(plan, home, stems[home.kind.path], drawings, FRAME, blocks=False)
    for page in plan.site.all_pages:
        yield from _page(plan, page, stems[page.kind.path], drawings, page.kind.title)
    yield File("README.md", _readme(plan), FRAME)


def _frame(plan: Plan) -> Iterator[File]:
    for name in GIVEN_FIRST:
        yield _given(name)
    yield File(".gitignore", (PROJECT / "gitignore").read_text("utf-8"), FRAME)
    yield File("src/theme.css", _theme(plan), FRAME)
    yield File("src/business.ts", _business(plan), FRAME)
    icon = art.favicon(plan.trade.id, plan.shown.primary, plan.shown.on_primary)
    yield File("public/favicon.svg", icon, FRAME)
    yield File("src/art/Icon.tsx", drawing("Icon", art.icon(plan.trade.id)), FRAME)
    yield File("src/art/Band.tsx", drawing("Band", art.band(plan.look.seed, plan.trade.id)), FRAME)
    for path in sorted((PROJECT / COMPONENTS).iterdir(), key=lambda path: path.name):
        yield _given(f"{COMPONENTS}/{path.name}")
    for name in GIVEN:
        yield _given(name)


def _given(path: str) -> File:
    """A file that is the same in all projects."""
    return File(path, (PROJECT / path).read_text("utf-8"), FRAME)


def _stems(plan: Plan) -> dict[str, str]:
    """Address → the name of the page's file: letters and digits, each once on every kind of disk."""
    stems: dict[str, str] = {}
    taken: set[str] = set()
    for page in plan.site.all_pages:
        slug = "home" if page.kind.kind == "home" else page.kind.slug
        stem = "".join(word.capitalize() for word in slug.split("-"))
        stem = stem if stem[:1].isalpha() else f"Page{stem}"
        number = 2
        while stem.lower() in taken:
            stem, number = f"{stem}{number}", number + 1
        taken.add(stem.lower())
        stems[page.kind.path] = stem
    return stems


def _page(
    plan: Plan, page: Page, stem: str, drawings: Art, part_name: str, *, blocks: bool = True
) -> Iterator[File]:
    """New drawings, the page, and its address last: what can be opened is there."""
    source = Source(drawings)
    parts = [opening(plan, page, source)]
    parts += [part(block, source) for block in page.blocks] if blocks else []
    for name, svg in source.drawings.items():
        if name not in drawings.written:
            drawings.written.add(name)
            yield File(f"src/art/{OWN_ART.get(name, name)}.tsx", drawing(name, svg), part_name)
    yield File(f"src/pages/{stem}.tsx", _tsx(page, stem, source, parts), part_name)
    if page.kind.kind != "home" or not blocks:
        yield File(page.kind.path, _html(plan, page, stem), part_name)


def _tsx(page: Page, stem: str, source: Source, parts: list[str]) -> str:
    imports = [
        f'import {{ {name} }} from "../art/{OWN_ART.get(name, name)}";' for name in sorted(source.drawings)
    ]
    source.use("Layout")
    imports += [
        f'import {{ {", ".join(sorted(names))} }} from "../components/{file}";'
        for file, names in sorted(source.components.items())
    ]
    body = "\n".join(parts)
    head = "\n".join(imports)
    return (
        f"{head}\n\nexport default function {stem}Page() {{\n  return (\n"
        f'    <Layout current="{page.kind.path}">\n{body}\n    </Layout>\n  );\n}}\n'
    )


def _html(plan: Plan, page: Page, stem: str) -> str:
    scheme = "dark" if plan.look.is_dark else "light dark"
    named = plan.site.full_name
    more = f'    <meta name="application-name" content="{in_html(named)}" />\n' if named else ""
    if page is plan.site.colophon:
        more += '    <meta name="robots" content="noindex" />\n'
    return f"""<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>{in_html(plan.title(page))}</title>
    <meta name="description" content="{in_html(page.description)}" />
{more}    <meta name="color-scheme" content="{scheme}" />
    <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/src/theme.css" />
    <link rel="stylesheet" href="/src/site.css" />
    <link rel="stylesheet" href="/src/parts.css" />
  </head>
  <body>
    <div id="root" data-page="{stem}"></div>
    <script type="module" src="/src/main.tsx"></script>
  </body>
</html>
"""


def _theme(plan: Plan) -> str:
    look, manner = plan.look, plan.look.manner
    scheme = "dark" if look.is_dark else "light dark"
    sizes = "\n".join(f"  --size-{at}: {size}rem;" for at, size in enumerate(plan.sizes, 1))
    title = f"{look.palette}, in a {manner.name} manner. Everything takes its colours from here"
    return f"""/* {title}: {_what(plan)}. */

:root {{
  color-scheme: {scheme};

{chr(10).join(_colours(plan))}

  --heading: {manner.heading};
  --body: {manner.body};
  --heading-weight: {manner.weight};
  --title-weight: {max(500, manner.weight)};
  --heading-spacing: {manner.spacing_em}em;
  --heading-case: {"uppercase" if manner.uppercase else "none"};
{sizes}

  --radius: {manner.radius_px}px;
  --gap: clamp(1.25rem, 4vw, 4rem);
}}
"""


def _what(plan: Plan) -> str:
    return "one look" if plan.look.is_dark else "first by day, then by night"


def _colours(plan: Plan) -> list[str]:
    light, dark = plan.look.light, plan.look.dark
    lines = []
    for one in fields(Scheme):
        by_day, by_night = getattr(light, one.name), getattr(dark, one.name)
        value = by_night if plan.look.is_dark else f"light-dark({by_day}, {by_night})"
        lines.append(f"  --{one.name.replace('_', '-')}: {value};")
    return lines


def _business(plan: Plan) -> str:
    site = plan.site
    links = [f"    {_link(page)},\n" for page in site.pages]
    ways = [f"    {_way(fact)},\n" for fact in site.contact]
    contact = f"[\n{''.join(ways)}  ]" if ways else "[]"
    labels = "".join(f"  {kind}: {literal(label)},\n" for kind, label in LABELS.items())
    return f"""/** The business, in one place: its name, its pages, and how to reach it. */

export type Link = {{ title: string; path: string }};

/** What each kind of fact on contact is called, in the order in which they are shown. */
export const LABELS = {{
{labels}}};

/** A fact on contact; `href` is the number after "tel:" or the address after "mailto:". */
export type Way = {{ kind: keyof typeof LABELS; text: string; href?: string }};

export const HOME = "index.html";

export const business: {{
  name: string;
  /** What kind of business it is; shown above the name. */
  trade: string;
  pages: Link[];
  /** Shown at the foot of every page, as buttons, and where a page is about contact. */
  contact: Way[];
}} = {{
  name: {literal(site.name)},
  trade: {literal(site.eyebrow)},
  pages: [
{"".join(links)}  ],
  contact: {contact},
}};
"""


def _way(fact: Fact) -> str:
    href = f", href: {literal(fact.href)}" if fact.href else ""
    return f'{{ kind: "{fact.kind}", text: {literal(fact.text)}{href} }}'


def _link(page: Page) -> str:
    return f"{{ title: {literal(page.kind.title)}, path: {literal(page.kind.path)} }}"


def _readme(plan: Plan) -> str:
    loader = PackageLoader("orchestration.adapters.website.vite", "project")
    environment = Environment(
        loader=loader,
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,  # noqa: S701
    )
    name = words.shorten(plan.site.name, 20).replace("\\", "").replace("`", "")
    return environment.get_template("README.md.jinja").render(
        site=plan.site,
        look=plan.look,
        trade=plan.trade,
        missing=plan.missing(),
        lowest=plan.lowest,
        name=name,
    )
