"""Writes the files of the shop (examples/files) from a clean catalogue, and knows what is true of every row of them.

PYTHONPATH=. python tests/data/shop/make.py

The catalogue is written by hand. The dirt is made here: chance decides with a fixed seed, so the files are the same every time. What the
tests expect comes from here alone, and from nothing that the examples compute.
"""

import csv
import io
import json
import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import openpyxl

HERE = Path(__file__).parent
FILES = HERE.parents[2] / "examples" / "files"
SUPPLIERS = ("Müller & Söhne", "Café Noir GmbH", "Nordwerk", "Ångström AB", "Atelier Lefèvre", "Hartmann KG")
CALLED = {"Kitchen": "Kitchenware", "Textiles": "Home textiles"}
"""What the supplier calls some categories."""
PRODUCT_COLUMNS = [
    "Item No.", "Product Name", "Description", "Product group", "Unit price (EUR)", "Qty in stock", "Listed since", "Vendor",
    "Shelf",
]  # fmt: skip
NEW_COLUMNS = ["SKU", "Name", "Description", "Category", "Price", "Stock", "Added", "Supplier"]
ORDER_COLUMNS = ["Order no", "Date", "Article", "Pcs", "Client", "E-Mail", "Country", "Paid", "Remarks"]
NUMERALS = {1: "one", 2: "two", 3: "three"}
COUNTRIES = ("DE", "DE", "AT", "CH", "NL", "FR")
WEB_CHANGES: list[tuple[int, str, dict[str, Any]]] = [
    (3, "2025-06-02", {"paid": True}),
    (20, "2025-06-03", {"paid": True}),
    (9, "2025-06-04", {"paid": True}),
    (20, "2025-06-04", {"paid": True, "note": "leave at the door"}),
    (30, "2025-06-04", {"country": "DE", "paid": True}),
    (31, "2025-06-05", {"quantity": 12}),
    (41, "2025-06-05", {"paid": True}),
]
"""Which orders of the web shop are changed on which later day, and how: by its customers, or by those who run it."""
FIRST = (
    "Ada",
    "Björn",
    "Chloë",
    "Dmitri",
    "Élise",
    "Fatma",
    "Grace",
    "Håkon",
    "Inés",
    "Jürgen",
    "Kateřina",
    "Łukasz",
)
LAST = (
    "Lovelace",
    "Ödegaard",
    "O’Neill",
    "Schäfer",
    "García",
    "Dvořák",
    "van Dijk",
    "Nguyễn",
    "Yılmaz",
    "Müller",
)


@dataclass
class Row:
    """A row of a file: its cells as they stand there, and the record that it is."""

    cells: list[Any]
    values: dict[str, Any] = field(default_factory=dict)
    problems: set[str] = field(default_factory=set)
    """The fields with which something is wrong."""
    kind: str = "row"
    """``row``, ``blank``, or ``torn``: one with more cells than there are columns."""


def catalogue() -> list[dict[str, Any]]:
    """The products as they truly are."""
    chance = random.Random(8420)
    lines = [
        line for line in (HERE / "catalogue.txt").read_text("utf-8").splitlines() if not line.startswith("#")
    ]
    numbers: dict[str, int] = {}
    found = []
    for line in lines:
        category, price, name, description = line.split(" | ")
        numbers[category] = numbers.get(category, 0) + 1
        found.append(
            {
                "sku": f"{category[:3].upper()}-{numbers[category]:03}",
                "name": name,
                "description": description,
                "category": category,
                "price": float(price),
                "stock": chance.randrange(0, 1400) if chance.random() < 0.1 else chance.randrange(0, 120),
                "added": (date(2023, 1, 9) + timedelta(days=chance.randrange(0, 1000))).isoformat(),
                "supplier": chance.choice(SUPPLIERS),
            }
        )
    chance.shuffle(found)
    return found


def product_rows() -> list[Row]:
    """The supplier's product file: Windows-1252, semicolons, decimal commas, and all that people do to a table in years."""
    chance = random.Random(1)
    rows = [product_row(number, product, chance) for number, product in enumerate(catalogue())]
    for source, place in ((10, 40), (77, 78), (120, 300), (121, 301), (200, 250), (260, 270)):
        twin = rows[source]
        rows.insert(place, Row([*twin.cells], {**twin.values}, {*twin.problems, "sku"}))
    for place in (25, 26, 190):
        rows.insert(place, Row([""] * 9, kind="blank"))
    rows.insert(
        55,
        Row(
            [
                "TOO-001",
                "Adhesive hooks",
                "Holds 2 kg",
                "stick; wait; hang",
                "Tools",
                "4,20",
                "7",
                "1.2.2024",
                "Nordwerk",
                "B1",
            ],
            kind="torn",
        ),
    )
    rows.insert(
        222,
        Row(
            [
                "GAR-900",
                "Bulb mix",
                "Tulips",
                "narcissi",
                "crocus",
                "Garden",
                "9,90",
                "12",
                "3.9.2023",
                "Nordwerk",
                "C4",
            ],
            kind="torn",
        ),
    )
    return rows


def product_row(number: int, product: dict[str, Any], chance: random.Random) -> Row:
    """A product as the supplier writes it. What is spoilt depends on the number: prime steps, so that it mixes."""
    values = {**product}
    problems = set()
    category = CALLED.get(product["category"], product["category"])
    values["category"] = category
    if category != product["category"]:
        problems.add("category")
    if number % 6 == 1:
        category, values["category"] = "", None
        problems.discard("category")
    sku = product["sku"].lower() if number % 13 == 4 else product["sku"]
    name = f"  {product['name'].replace(' ', '  ', 1)} " if number % 17 == 5 else product["name"]
    values["sku"], values["name"] = sku, name.strip()
    price, values["price"] = price_cell(number, product["price"])
    stock, values["stock"] = stock_cell(number, product["stock"])
    added, values["added"] = added_cell(number, product["added"])
    problems |= {
        key
        for key in ("price", "stock", "added")
        if isinstance(values[key], str) and values[key] != product[key]
    }
    if values["price"] is None:
        problems.add("price")
    if isinstance(values["stock"], int) and values["stock"] < 0:
        problems.add("stock")
    cells = [
        sku,
        name,
        product["description"],
        category,
        price,
        stock,
        added,
        product["supplier"],
        f"{chance.choice('ABCD')}{number % 9}",
    ]
    return Row(cells, values, problems)


def price_cell(number: int, price: float) -> tuple[str, Any]:
    if number % 80 == 33:
        return "on request", "on request"
    if number % 80 == 61:
        return "", None
    text = f"{price:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".")
    return (f"{text} €", price) if number % 5 == 2 else (text, price)


def stock_cell(number: int, stock: int) -> tuple[str, Any]:
    if number % 90 == 17:
        return f"ca. {stock}", f"ca. {stock}"
    if number % 90 == 71:
        return f"-{stock + 1}", -(stock + 1)
    if number % 23 == 7:
        return "", None
    return (f"{stock:,}".replace(",", "."), stock)


def added_cell(number: int, added: str) -> tuple[str, Any]:
    day = date.fromisoformat(added)
    if number % 110 == 50:
        return "31.02.2024", "31.02.2024"
    if number % 7 == 3:
        return day.isoformat(), added
    if number % 11 == 6:
        return f"{day.day} {day:%b} {day.year}", added
    return f"{day.day}.{day.month}.{day.year}", added


def new_rows() -> list[Row]:
    """The shop's own list of new products: UTF-8 with a mark, commas, quotes, line breaks in cells."""
    listed = [
        ("Kitchen", 34.5, "Tajine “Fès”", "Clay pot with a pointed lid,\nfor stews of lamb and vegetables"),
        ("Garden", 18.9, "Tulip bulbs ‘Żółty’", "Fifty bulbs, plant before the frost"),
        ("Tools", 27.0, '1/2" torque wrench', 'Ratchet with a 1/2" drive, up to 200 Nm'),
        ("Lighting", 63.0, "Lampe d’atelier", "Jointed arm for the desk, E27 socket"),
        ("Office", 8.4, "Ink cartridge, blue", "Pack of six, for fountain pens"),
        ("Outdoor", 112.0, "Fjällraven-style rucksack", "Twenty-five litres, waxed canvas"),
        ("Toys", 15.9, "Matryoshka, 5 pieces", "Painted by hand, limewood"),
        ("Textiles", 41.0, "Kilim cushion", "Wool, forty by sixty, =handmade="),
        ("Kitchen", 6.2, "日本 tea whisk", "Bamboo, for matcha"),
        ("Toys", 29.9, "Dinosaur puzzle 🦕", "Three metres long, 48 pieces"),
    ]
    rows = []
    for number, (category, price, name, description) in enumerate(listed, start=1):
        values = {
            "sku": f"NEW-{number:03}", "name": name, "description": description, "category": category, "price": price,
            "stock": number * 7, "added": f"2025-10-{number + 9:02}", "supplier": "Own import",
        }  # fmt: skip
        rows.append(Row([str(values[key]) for key in values], values))
    return rows


def order_rows() -> list[Row]:
    """The orders of a season: real dates and texts that look like dates, numbers as text, countries in words."""
    chance = random.Random(2)
    skus = sorted(product["sku"] for product in catalogue())
    rows = [order_row(number, skus, chance) for number in range(300)]
    for source, place in ((5, 60), (100, 101), (222, 280)):
        twin = rows[source]
        rows.insert(place, Row([*twin.cells], {**twin.values}, {*twin.problems, "number"}))
    for place in (30, 150):
        rows.insert(place, Row([None] * 9, kind="blank"))
    return rows


def order_row(number: int, skus: list[str], chance: random.Random) -> Row:
    day = date(2025, 3, 1) + timedelta(days=number // 3)
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    country, quantity, paid = (
        chance.choice(COUNTRIES),
        chance.randrange(1, 6),
        chance.random() < 0.8,
    )
    values: dict[str, Any] = {
        "number": f"2025-{number + 1:04}", "ordered": day.isoformat(), "sku": chance.choice(skus), "quantity": quantity,
        "customer": name, "email": f"kunde{chance.randrange(90)}@example.org", "country": country, "paid": paid, "note": None,
    }  # fmt: skip
    cells: list[Any] = [
        values["number"], datetime(day.year, day.month, day.day), values["sku"], quantity, name, values["email"], country,
        "yes" if paid else "no", None,
    ]  # fmt: skip
    problems = set()
    if number % 9 == 2:
        cells[1] = f"{day:%d.%m.%Y}"
    if number % 14 == 3:
        cells[3] = str(quantity)
    if number % 60 == 44:
        cells[3] = values["quantity"] = NUMERALS.get(quantity, "many")
        problems.add("quantity")
    if number % 100 == 71:
        cells[3], values["quantity"] = 0, 0
        problems.add("quantity")
    if number % 20 == 8:
        cells[5] = values["email"] = values["email"].upper()
    if number % 16 == 9 and country == "DE":
        cells[6] = values["country"] = "Germany"
        problems.add("country")
    if number % 75 == 20:
        cells[4], values["customer"] = None, None
        problems.add("customer")
    if number % 10 == 0:
        cells[7] = paid
    if number % 40 == 15:
        cells[8] = values["note"] = chance.choice(("call before", "=neighbour", "leave at the door"))
    return Row(cells, values, problems)


def web_orders() -> list[dict[str, Any]]:
    """What the web shop's orders were from change to change, in the order of the changes: the feed shows the newest of each."""
    chance = random.Random(3)
    skus = sorted(product["sku"] for product in catalogue())
    made = [web_order(number, skus, chance) for number in range(45)]
    later = []
    for number, day, differs in WEB_CHANGES:
        later.append({**made[number], "updated_at": f"{day}T{8 + number % 9:02}:{number:02}:30Z", **differs})
    return sorted([*made, *later], key=lambda order: (order["updated_at"], order["number"]))


def web_order(number: int, skus: list[str], chance: random.Random) -> dict[str, Any]:
    """Eight a day from the 30th of May on; the last ones are of the 4th of June."""
    day = date(2025, 5, 30) + timedelta(days=number // 8)
    name = f"{chance.choice(FIRST)} {chance.choice(LAST)}"
    order = {
        "number": f"W-{number + 1:03}", "updated_at": f"{day}T{7 + 2 * (number % 8):02}:{chance.randrange(60):02}:00Z",
        "ordered": day.isoformat(), "sku": chance.choice(skus), "quantity": chance.randrange(1, 5), "customer": name,
        "email": f"web{chance.randrange(90)}@example.org", "country": chance.choice(COUNTRIES), "paid": False, "note": None,
        "channel": "web",
    }  # fmt: skip
    if number == 30:
        order["country"] = "Deutschland"
    return order


def records(rows: list[Row]) -> list[Row]:
    """The rows that become records."""
    return [row for row in rows if row.kind == "row"]


def product_text() -> bytes:
    lines = [";".join(PRODUCT_COLUMNS), *(";".join(row.cells) for row in product_rows())]
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def new_text() -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerows([NEW_COLUMNS, *(row.cells for row in new_rows())])
    return text.getvalue().encode("utf-8-sig")


def web_text() -> bytes:
    lines = ",\n".join(json.dumps(order, ensure_ascii=False) for order in web_orders())
    return f"[\n{lines}\n]\n".encode()


def order_lines() -> list[list[Any]]:
    """The rows of the sheet Orders, from the top: a title, a remark and a blank row come before the header."""
    title = [["Orders spring 2025"], ["exported by the old shop system, page 1 of 1"], []]
    return [*title, ORDER_COLUMNS, *([*row.cells] for row in order_rows())]


def write_orders(path: Path) -> None:
    book = openpyxl.Workbook()
    notes = book.active
    notes.title = "Read me"
    notes.append(["The orders are on the other sheet."])
    page = book.create_sheet("Orders")
    for number, line in enumerate(order_lines(), start=1):
        for column, cell in enumerate(line, start=1):
            if cell is not None:
                page.cell(number, column, cell)
                page.cell(number, column).data_type = (
                    "s" if isinstance(cell, str) else page.cell(number, column).data_type
                )
    book.save(path)


def main() -> None:
    FILES.mkdir(exist_ok=True)
    (FILES / "products.csv").write_bytes(product_text())
    (FILES / "products-new.csv").write_bytes(new_text())
    (FILES / "web-orders.json").write_bytes(web_text())
    write_orders(FILES / "orders.xlsx")


if __name__ == "__main__":
    main()
