"""Makes the workbooks that the sandbox's drives are seeded with.

Run once, with openpyxl 3.1 installed, from this directory; the results are committed.
Dates and figures are fixed, so a second run changes nothing but zip timestamps.
"""

import datetime as dt

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table, TableStyleInfo

PRODUCTS = [("Pear", 1.25), ("Apple", 0.9), ("Quince", 3.4), ("Plum", 2.15), ("Fig", 4.5)]
REGIONS = ["North", "South", "East", "West"]


def bold_header(sheet, row=1):
    for cell in sheet[row]:
        if cell.value is not None:
            cell.font = Font(bold=True)
            cell.fill = PatternFill("solid", fgColor="DDEBF7")


def add_table(sheet, name, ref):
    table = Table(displayName=name, ref=ref)
    table.tableStyleInfo = TableStyleInfo(name="TableStyleMedium2", showRowStripes=True)
    sheet.add_table(table)


def sales():
    book = Workbook()
    orders = book.active
    orders.title = "Orders"
    orders.append(["Order", "Date", "Region", "Product", "Quantity", "Price", "Amount"])
    first = dt.date(2026, 1, 5)
    for n in range(60):
        product, price = PRODUCTS[n % 5]
        row = n + 2
        orders.append(
            [
                1001 + n,
                first + dt.timedelta(days=n * 3),
                REGIONS[(n * 7) % 4],
                product,
                (n * 13) % 40 + 1,
                price,
                f"=E{row}*F{row}",
            ]
        )
        orders.cell(row, 2).number_format = "yyyy-mm-dd"
        orders.cell(row, 6).number_format = "#,##0.00"
        orders.cell(row, 7).number_format = "#,##0.00"
    bold_header(orders)
    add_table(orders, "Orders", "A1:G61")
    for column, width in zip("ABCDEFG", [9, 12, 10, 12, 10, 10, 12]):
        orders.column_dimensions[column].width = width

    summary = book.create_sheet("Summary")
    summary.append(["Measure", "Value"])
    summary.append(["Orders", "=COUNT(Orders!A2:A61)"])
    summary.append(["Total quantity", "=SUM(Orders!E2:E61)"])
    summary.append(["Total amount", "=SUM(Orders!G2:G61)"])
    summary.append(["Average amount", "=B4/B2"])
    summary.append(["Price of a pear", '=VLOOKUP("Pear",Prices!A2:B6,2,FALSE)'])
    summary.append(["Largest order", "=MAX(Orders!G2:G61)"])
    for row in (4, 5, 6, 7):
        summary.cell(row, 2).number_format = "#,##0.00"
    summary.append([])
    summary.append(["Region", "Amount", "Share"])
    for i, region in enumerate(REGIONS):
        row = 10 + i
        summary.append([region, f"=SUMIF(Orders!C2:C61,A{row},Orders!G2:G61)", f"=B{row}/$B$4"])
        summary.cell(row, 2).number_format = "#,##0.00"
        summary.cell(row, 3).number_format = "0.0%"
    summary.append(["Verdict", '=IF(TotalAmount>1000,"good","poor")'])
    bold_header(summary)
    bold_header(summary, 9)
    summary.column_dimensions["A"].width = 18

    prices = book.create_sheet("Prices")
    prices.append(["Product", "Price"])
    for product, price in PRODUCTS:
        prices.append([product, price])
    bold_header(prices)
    prices.sheet_state = "hidden"

    book.defined_names["TotalAmount"] = DefinedName("TotalAmount", attr_text="Summary!$B$4")
    book.defined_names["PriceList"] = DefinedName("PriceList", attr_text="Prices!$A$1:$B$6")
    book.defined_names["VatRate"] = DefinedName("VatRate", attr_text="0.2")
    book.save("Sales.xlsx")


def budget():
    book = Workbook()
    sheet = book.active
    sheet.title = "Budget"
    sheet.append(["Item", "Jan", "Feb", "Mar", "Quarter"])
    for row, (item, values) in enumerate(
        [("Rent", (1200, 1200, 1200)), ("Wages", (5400, 5400, 5650)), ("Power", (310, 295, 240))], start=2
    ):
        sheet.append([item, *values, f"=SUM(B{row}:D{row})"])
    sheet.append(["Total", "=SUM(B2:B4)", "=SUM(C2:C4)", "=SUM(D2:D4)", "=SUM(E2:E4)"])
    for line in sheet["B2:E5"]:
        for cell in line:
            cell.number_format = '#,##0'
    bold_header(sheet)
    bold_header(sheet, 5)
    sheet.freeze_panes = "B2"
    book.save("Budget.xlsx")


def empty():
    book = Workbook()
    book.active.title = "Sheet1"
    book.save("Empty.xlsx")


def quarterly():
    book = Workbook()
    sheet = book.active
    sheet.title = "Q1"
    sheet.append(["Team", "Goal", "Reached", "Done"])
    for team, goal, reached in [("Blue", 40, 44), ("Green", 35, 28), ("Red", 50, 50)]:
        row = sheet.max_row + 1
        sheet.append([team, goal, reached, f"=C{row}>=B{row}"])
    bold_header(sheet)
    add_table(sheet, "Teams", "A1:D4")
    book.save("Quarterly.xlsx")


for make in (sales, budget, empty, quarterly):
    make()
