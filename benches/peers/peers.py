"""Label engines of PyPI on the files given; the same JSON lines as the Rust peers."""

import io
import json
import statistics
import sys
import time
from pathlib import Path

from PIL import Image
from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.code128 import Code128
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.pdfgen.canvas import Canvas
from zebrafy import ZebrafyImage


def report(peer, task, file, runs, work):
    line = {"peer": peer, "task": task, "file": file}
    try:
        times = []
        for run in range(runs + 3):
            began = time.perf_counter_ns()
            result = work()
            if run >= 3:
                times.append(time.perf_counter_ns() - began)
        line["median_ns"] = int(statistics.median(times))
        line["bytes"] = len(result)
    except Exception as error:  # a peer that refuses is a result
        line["error"] = repr(error)
    print(json.dumps(line))


def main():
    runs = max(int(sys.argv[1]), 3)
    sample = Path(__file__).parent.parent / "label" / "common" / "sample.json"
    fields = json.loads(sample.read_text())
    report("reportlab", "label-to-pdf", "common label", runs, lambda: pdf(fields))
    for file in sys.argv[2:]:
        picture = Image.open(file).convert("1")
        picture.load()
        report("zebrafy", "png-to-zpl", file, runs,
               lambda: ZebrafyImage(picture, format="Z64").to_zpl())
        report("pillow", "bitmap-to-png", file, runs, lambda: png(picture))


def pdf(fields):
    """The common label as vector PDF; the same parts in about the same places, in points."""
    out = io.BytesIO()
    page = Canvas(out, pagesize=(288, 432))
    page.rect(3.5, 3.5, 281, 425)
    for y in (386, 315, 219, 191, 77):
        page.line(3.5, y, 284.5, y)
    page.line(149, 191, 149, 219)
    texts = [("carrier", 26, 10, 395), ("service", 21, 190, 395), ("weight", 17, 10, 200),
             ("pieces", 17, 156, 200), ("small.1", 7, 128, 38), ("small.2", 7, 128, 28),
             ("small.3", 7, 128, 18), ("tracking", 13, 80, 95)]
    for name, size, x, y in texts:
        page.setFont("Helvetica-Bold", size)
        page.drawString(x, y, fields[name])
    for name, size, y in (("from", 8.5, 376), ("to", 12.5, 300)):
        page.setFont("Helvetica", size)
        for at, line in enumerate(fields[name].split("\n")):
            page.drawString(10, y - at * size * 1.3, line)
    Code128(fields["tracking"], barWidth=1.064, barHeight=71).drawOn(page, 20, 112)
    Code128(fields["order"], barWidth=0.709, barHeight=21).drawOn(page, 128, 48)
    code = Drawing(64, 64)
    code.add(QrCodeWidget(fields["url"], barLevel="Q", barWidth=64, barHeight=64))
    renderPDF.draw(code, page, 20, 8)
    page.showPage()
    page.save()
    return out.getvalue()


def png(picture):
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


main()
