"""Set up the workbook of a shop: its sheets and their fields. To run it again changes only what is different.

tickwire run space:configure
tickwire run space:configure --input-json @my-sheets.json    {"sheets": [{"key": "products", "fields": [...]}]}
"""

from pydantic import BaseModel
from pydantic import Field as Bound

from listener_sdk import Fatal, Listener, Outcome, SyncJob
from rows import counted
from workbook import Change, Field, Result, Sheet, Workbook, opened

CATEGORIES = ["Garden", "Kitchen", "Lighting", "Office", "Outdoor", "Textiles", "Tools", "Toys"]
COUNTRIES = ["AT", "CH", "DE", "FR", "NL"]

PRODUCTS = Sheet(
    key="products",
    label="Products",
    fields=[
        Field(key="sku", label="SKU", required=True, unique=True, also=["item no", "article number"]),
        Field(key="name", label="Name", required=True, also=["product name", "title"]),
        Field(key="description", label="Description"),
        Field(key="category", label="Category", type="enum", options=CATEGORIES, also=["product group"]),
        Field(key="price", label="Price", type="number", required=True, minimum=0, also=["unit price eur"]),
        Field(key="stock", label="Stock", type="integer", minimum=0, also=["qty in stock", "on hand"]),
        Field(key="added", label="Added", type="date", also=["listed since"]),
        Field(key="supplier", label="Supplier", also=["vendor"]),
    ],
)
ORDERS = Sheet(
    key="orders",
    label="Orders",
    fields=[
        Field(key="number", label="Number", required=True, unique=True, also=["order no", "order number"]),
        Field(key="ordered", label="Ordered", type="date", required=True, also=["date", "order date"]),
        Field(key="sku", label="SKU", required=True, also=["article", "item no"]),
        Field(
            key="quantity", label="Quantity", type="integer", required=True, minimum=1, also=["qty", "pcs"]
        ),
        Field(key="customer", label="Customer", required=True),
        Field(key="email", label="E-mail"),
        Field(key="country", label="Country", type="enum", options=COUNTRIES, required=True),
        Field(key="paid", label="Paid", type="boolean"),
        Field(key="note", label="Note", also=["comment"]),
    ],
)

listener = Listener()


class Configure(BaseModel):
    sheets: list[Sheet] = Bound(default=[PRODUCTS, ORDERS], min_length=1, max_length=100)
    drop_fields: bool = Bound(default=False, description="Drop fields that are not named, with their values")


@listener.job("space:configure", label="Set up the workbook")
def configure(job: SyncJob[Configure]) -> Outcome:
    """Make the sheets that are missing, and change those that differ: all of it or nothing."""
    with opened() as book:
        done = book.once(job.id, lambda change: set_up(job, book, change))
    made, changed = len(done["made"]), len(done["changed"])
    told = (
        f"Made {counted(made, 'sheet')}, changed {changed}; {len(done['unchanged'])} were as they should be."
    )
    return Outcome(told, heading="The workbook is set up", data=done)


def set_up(job: SyncJob[Configure], book: Workbook, change: Change) -> Result:
    """Which sheets were made, changed and left as they are."""
    before = {sheet.key: sheet for sheet in book.sheets()}
    done: Result = {"made": [], "changed": [], "unchanged": []}
    for sheet in job.track(job.input.sheets, "Setting up sheets"):
        old = before.get(sheet.key)
        if old == sheet:
            done["unchanged"].append(sheet.key)
            continue
        if old is not None and not job.input.drop_fields:
            keep_fields(old, sheet)
        change.define(sheet)
        done["made" if old is None else "changed"].append(sheet.key)
    return done


def keep_fields(old: Sheet, new: Sheet) -> None:
    """Fatal when a field would be lost that nobody said to drop."""
    lost = [field.key for field in old.fields if field.key not in {field.key for field in new.fields}]
    if lost:
        raise Fatal(
            f"The sheet {old.key} would lose {', '.join(lost)} with all values. Name these fields, or allow it: drop_fields=true."
        )
