"""The files of the shop are what their maker writes, so that what it knows of them is true."""

from contextlib import closing

import openpyxl

from tests.data.shop import make


def test_the_csv_files_are_those_that_the_maker_writes():
    assert (make.FILES / "products.csv").read_bytes() == make.product_text()
    assert (make.FILES / "products-new.csv").read_bytes() == make.new_text()


def test_the_orders_of_the_web_shop_are_those_that_the_maker_writes():
    assert (make.FILES / "web-orders.json").read_bytes() == make.web_text()


def test_the_workbook_is_the_one_that_the_maker_writes():
    with closing(openpyxl.load_workbook(make.FILES / "orders.xlsx")) as book:
        rows = [[cell.value for cell in row] for row in book["Orders"].iter_rows()]
    wanted = make.order_lines()
    assert len(rows) == len(wanted)
    for row, line in zip(rows, wanted, strict=True):
        assert row == [*line, *[None] * (9 - len(line))]


def test_the_dirt_is_there():
    products, orders = make.records(make.product_rows()), make.records(make.order_rows())
    assert (len(make.catalogue()), len(products), len(orders)) == (320, 326, 303)
    problems = [key for row in products + orders for key in row.problems]
    assert {key: problems.count(key) > 1 for key in {*problems}} == dict.fromkeys(
        ("sku", "category", "price", "stock", "added", "number", "quantity", "country", "customer"), True
    )
    assert sum(row.values["category"] is None for row in products) > 50
