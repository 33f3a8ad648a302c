"""All listeners of the shop's workbook in one: ``tickwire listen examples/shop.py``."""

import ai_assist
import configure
import delete_records
import export
import extract
import find_replace
import map_fields
import mutate_records
from listener_sdk import Listener

listener = Listener("shop")
for one in (configure, extract, map_fields, mutate_records, find_replace, delete_records, ai_assist, export):
    listener.use(one.listener)
