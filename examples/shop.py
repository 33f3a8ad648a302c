"""All listeners of the shop's workbook in one: ``tickwire listen examples/shop.py``."""

import ai_assist
import configure
import delete_records
import export
import extract
import find_replace
import import_orders
import map_fields
import mutate_records
import remove_assets
from listener_sdk import Listener

listener = Listener("shop")
JOBS = (configure, extract, map_fields, mutate_records, find_replace, delete_records, ai_assist, export)
FOLLOW_UP = (import_orders, remove_assets)
for one in (*JOBS, *FOLLOW_UP):
    listener.use(one.listener)
