"""Opens a workbook with openpyxl and compares it with what the options expect.

Options: file, cells {"Sheet1!A1": value}, formulas {"Sheet1!C1": "=SUM(A1:B1)"}, tables {"Sheet1": {"Table1": "A1:C4"}},
sheets [names, in order], names [defined names that must exist]. `cells` are cached results, `formulas` the formula texts.
"""

import openpyxl

from client_run import run


def at(workbook, address):
    sheet, cell = address.rsplit("!", 1)
    return workbook[sheet][cell].value


def body(options, report):
    results = openpyxl.load_workbook(options["file"], data_only=True)
    formulas = openpyxl.load_workbook(options["file"])
    report.facts["sheets"] = formulas.sheetnames
    if "sheets" in options:
        report.equal("sheets", formulas.sheetnames, options["sheets"])
    for address, wanted in options.get("cells", {}).items():
        report.equal(f"cell {address}", at(results, address), wanted)
    for address, wanted in options.get("formulas", {}).items():
        report.equal(f"formula {address}", at(formulas, address), wanted)
    for sheet, tables in options.get("tables", {}).items():
        report.equal(f"tables of {sheet}", dict(formulas[sheet].tables.items()), tables)
    for name in options.get("names", []):
        report.check(f"name {name}", name in formulas.defined_names, list(formulas.defined_names))


run(body)
