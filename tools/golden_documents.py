"""Writes documents of known content, and what they say, to tests/golden/knowledge_load.

Needs reportlab, python-docx, python-pptx, openpyxl, ebooklib and pillow. Fonts are the PDF base fonts and, in pictures,
DejaVu: nothing is embedded but what its licence allows. `words.json` holds, for each document, the text that a reader must
find (in order), its pages, headings, table cells and captions.
"""

import io
import json
import pathlib
import random
import re
import zipfile

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "tests/golden/knowledge_load"
NOUNS = ("harbour lantern valley engine garden letter market river station window captain teacher machine forest "
         "island kettle library morning painter railway shadow theatre village winter orchard compass").split()
VERBS = "carries follows opens measures repairs watches gathers crosses describes hides lifts paints".split()
PLACES = "near the bridge,beyond the hills,under the old roof,at first light,along the coast,in the quiet square".split(",")


class Prose:
    """Sentences from a seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def sentence(self):
        pick = self.random.choice
        return f"The {pick(NOUNS)} {pick(VERBS)} a {pick(NOUNS)} {pick(PLACES)}, and {self.random.randint(2, 900)} people saw it."

    def paragraph(self, sentences=4):
        return " ".join(self.sentence() for _ in range(sentences))


class Known:
    """What a document says, collected while it is written."""

    def __init__(self):
        self.text, self.pages, self.headings, self.rows, self.captions = [], [], [], [], []

    def say(self, text):
        self.text.append(text)
        return text

    def heading(self, level, text):
        self.headings.append([level, text])
        return self.say(text)

    def table(self, rows):
        self.rows += rows
        self.text.append(" ".join(" ".join(row) for row in rows))
        return rows

    def caption(self, text):
        self.captions.append(text)
        return self.say(text)

    def described(self):
        return {"text": "\n".join(self.text), "pages": self.pages, "headings": self.headings, "rows": self.rows,
                "captions": self.captions}


TABLE = [["Station", "Depth", "Ships"], ["North", "12.5 m", "48"], ["South quay", "9 m", "131"], ["Old pier", "3.75 m", "7"]]


def docx_document():
    import docx

    known, prose = Known(), Prose(1)
    document = docx.Document()
    document.core_properties.title = "Harbour report"
    document.core_properties.author = "A. Writer"
    document.add_heading(known.heading(1, "Harbour report"), 0)
    for chapter in range(1, 4):
        document.add_heading(known.heading(1, f"Chapter {chapter}"), 1)
        document.add_paragraph(known.say(prose.paragraph()))
        document.add_heading(known.heading(2, f"Details of {chapter}"), 2)
        paragraph = document.add_paragraph(known.say(prose.sentence()) + " ")
        paragraph.add_run(known.say("Bold words")).bold = True
        paragraph.add_run(known.say(" and plain ones."))
    for item in ("first bullet", "second bullet"):
        document.add_paragraph(known.say(item), style="List Bullet")
    document.add_paragraph(known.caption("Table 1: Stations of the harbour"), style="Caption")
    rows = known.table(TABLE)
    table = document.add_table(rows=len(rows), cols=len(rows[0]))
    for row, texts in zip(table.rows, rows):
        for cell, text in zip(row.cells, texts):
            cell.text = text
    document.add_paragraph(known.say(prose.paragraph()))
    document.sections[0].header.paragraphs[0].text = "A header that is left out"
    document.save(FOLDER / "report.docx")
    return known


def pptx_document():
    import pptx
    from pptx.util import Inches

    known, prose = Known(), Prose(2)
    show = pptx.Presentation()
    for number in range(1, 5):
        slide = show.slides.add_slide(show.slide_layouts[1])
        slide.shapes.title.text = known.heading(1, f"Slide title {number}")
        lines = [known.say(prose.sentence()) for _ in range(3)]
        slide.placeholders[1].text_frame.text = lines[0]
        for line in lines[1:]:
            slide.placeholders[1].text_frame.add_paragraph().text = line
        if number == 2:
            rows = known.table(TABLE)
            shape = slide.shapes.add_table(len(rows), len(rows[0]), Inches(1), Inches(5), Inches(6), Inches(1.5))
            for i, texts in enumerate(rows):
                for j, text in enumerate(texts):
                    shape.table.cell(i, j).text = text
        if number == 3:
            slide.notes_slide.notes_text_frame.text = known.say("A note for whoever speaks.")
        known.pages.append([number, f"Slide title {number}"])
    show.save(FOLDER / "slides.pptx")
    return known


def xlsx_document():
    import datetime

    import openpyxl

    known = Known()
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Stations"
    known.heading(1, "Stations")
    for row in known.table(TABLE):
        sheet.append(row)
    other = book.create_sheet("Log & dates")
    known.heading(1, "Log & dates")
    other.append(["Day", "Count", "Share", "Open"])
    other.append([datetime.date(2026, 11, 28), 42, 0.125, True])
    other.append([datetime.datetime(1999, 12, 31, 23, 59, 30), -7, 1e-05, False])
    other.append([None, None, "only the third"])
    other["B8"] = "alone"
    known.table([["Day", "Count", "Share", "Open"], ["2026-11-28", "42", "0.125", "TRUE"],
                 ["1999-12-31 23:59:30", "-7", "1e-05", "FALSE"], ["only the third"], ["alone"]])
    hidden = book.create_sheet("Hidden")
    hidden.append(["not seen"])
    hidden.sheet_state = "hidden"
    known.pages = [[1, "Stations"], [2, "Log & dates"]]
    book.save(FOLDER / "book.xlsx")
    return known


def epub_document():
    from ebooklib import epub

    known, prose = Known(), Prose(3)
    book = epub.EpubBook()
    book.set_identifier("harbour-book")
    book.set_title("The harbour book")
    book.set_language("en")
    book.add_author("A. Writer")
    chapters = []
    for number in range(1, 4):
        title = known.heading(1, f"Chapter the {number}.")
        first, second = known.say(prose.paragraph()), known.say(prose.paragraph())
        chapter = epub.EpubHtml(title=title, file_name=f"text/chap {number}.xhtml", lang="en")
        chapter.content = f"<h1>{title}</h1><p>{first}</p><p>{second}</p>"
        if number == 2:
            cells = "".join("<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in known.table(TABLE))
            chapter.content += f"<table>{cells}</table>"
        book.add_item(chapter)
        chapters.append(chapter)
    book.toc = chapters
    book.add_item(epub.EpubNcx())
    book.add_item(epub.EpubNav())
    book.spine = ["nav", *chapters]
    epub.write_epub(FOLDER / "book.epub", book)
    return known


def pdf_documents():
    """Two columns with a title over both; tables with captions; headings by size; a page without text between."""
    from reportlab.lib import colors
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.styles import getSampleStyleSheet
    from reportlab.lib.units import cm
    from reportlab.platypus import (BaseDocTemplate, Frame, FrameBreak, NextPageTemplate, PageBreak, PageTemplate,
                                    Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle)

    styles = getSampleStyleSheet()
    known, prose = Known(), Prose(4)
    story = []

    def heading(level, text):
        story.append(Paragraph(known.heading(level, text), styles[f"Heading{level}"]))

    def text(words):
        story.append(Paragraph(known.say(words), styles["BodyText"]))

    heading(1, "Annual report of the harbour")
    text(prose.paragraph())
    heading(2, "Ships and stations")
    text(prose.paragraph(6))
    story.append(Paragraph(known.caption("Table 1: Stations, with their depth"), styles["Italic"]))
    story.append(Table(known.table(TABLE), colWidths=[4 * cm, 3 * cm, 3 * cm],
                       style=TableStyle([("GRID", (0, 0), (-1, -1), 0.5, colors.black)])))
    story.append(Spacer(1, 0.5 * cm))
    text(prose.paragraph())
    known.pages.append([1, "Annual report of the harbour"])
    story.append(PageBreak())
    heading(2, "The second year")
    known.pages.append([2, "The second year"])
    for _ in range(4):
        text(prose.paragraph(5))
    more = [[f"Berth {i}", str(i * 37 % 101), f"{i * 1.5:.1f} h", "yes" if i % 2 else "no"] for i in range(1, 9)]
    rows = [["Berth", "Calls", "Mean stay", "Crane"], *more]
    story.append(Table(known.table(rows), colWidths=[3 * cm] * 4))
    story.append(Paragraph(known.caption("Table 2: Berths without lines between them"), styles["Italic"]))
    text(prose.paragraph())
    SimpleDocTemplate(str(FOLDER / "report.pdf"), pagesize=A4, title="Annual report", author="A. Writer",
                      invariant=1).build(story)

    columns, prose = Known(), Prose(5)
    width, height = A4
    frames = [Frame(2 * cm, height - 4.5 * cm, width - 4 * cm, 2.5 * cm, id="top", showBoundary=0),
              Frame(2 * cm, 2 * cm, 8 * cm, height - 7 * cm, id="left"),
              Frame(11 * cm, 2 * cm, 8 * cm, height - 7 * cm, id="right")]
    plain = [Frame(2 * cm, 2 * cm, 8 * cm, height - 4 * cm, id="left"),
             Frame(11 * cm, 2 * cm, 8 * cm, height - 4 * cm, id="right")]
    story = [NextPageTemplate("plain"),
             Paragraph(columns.heading(1, "Two columns under one title"), styles["Title"]), FrameBreak()]
    for part in range(1, 5):
        story.append(Paragraph(columns.heading(2, f"Section number {part}"), styles["Heading2"]))
        for _ in range(5):
            story.append(Paragraph(columns.say(prose.paragraph(5)), styles["BodyText"]))
    BaseDocTemplate(str(FOLDER / "columns.pdf"), pagesize=A4, invariant=1, pageTemplates=[
        PageTemplate(id="first", frames=frames), PageTemplate(id="plain", frames=plain)]).build(story)
    return known, columns


def page_picture(text, angle, seed):
    """A page at 300 dpi (A5), as a scanner that is fed askew would see it."""
    from PIL import Image, ImageDraw, ImageFont

    width, height, margin = 1748, 1240, 150
    page = Image.new("L", (width, height), 255)
    font = ImageFont.truetype("DejaVuSerif.ttf", 44)  # 10.5 points
    draw = ImageDraw.Draw(page)
    y, line = margin, ""
    for word in text.split() + [None]:
        if word is None or draw.textlength(f"{line} {word}", font=font) > width - 2 * margin:
            draw.text((margin, y), line, font=font, fill=20)
            y, line = y + 66, ""
        line = f"{line} {word}".strip() if word else ""
    page = page.rotate(angle, resample=Image.Resampling.BICUBIC, fillcolor=255)
    noise = random.Random(seed)
    for _ in range(400):
        page.putpixel((noise.randrange(width), noise.randrange(height)), 90)
    return page.quantize(16).convert("L")


def scans():
    known = {}
    # One line, for tests that read it often.
    page_picture("The lantern lifts a harbour.", 0, 0).crop((120, 120, 900, 230)).save(FOLDER / "line.png", optimize=True)
    for number, angle in enumerate((0, 2, -3, 5, -5)):
        prose = Prose(10 + number)
        text = " ".join(prose.sentence() for _ in range(7))
        page = page_picture(text, angle, number)
        if angle != 5:
            name = f"scan_{number}.png"
            page.convert("P", palette=1, colors=8).save(FOLDER / name, optimize=True, dpi=(300, 300))
            known[name] = {"text": text, "degrees": angle}
        else:
            from reportlab.lib.utils import ImageReader
            from reportlab.pdfgen import canvas

            buffer = io.BytesIO()
            page.save(buffer, "JPEG", quality=45, dpi=(300, 300))
            pdf = canvas.Canvas(str(FOLDER / f"scan_{number}.pdf"), pagesize=(1748 * 0.24, 1240 * 0.24), invariant=1)
            pdf.drawImage(ImageReader(io.BytesIO(buffer.getvalue())), 0, 0, 1748 * 0.24, 1240 * 0.24)
            pdf.showPage()
            pdf.save()
            known[f"scan_{number}.pdf"] = {"text": text, "degrees": angle}
    return known


def with_fixed_times(path):
    """The same bytes from the same content: a zip's times are those of its making."""
    with zipfile.ZipFile(path) as source:
        members = [(info, source.read(info)) for info in source.infolist()]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for info, data in members:
            fixed = zipfile.ZipInfo(info.filename, (2026, 1, 1, 0, 0, 0))
            fixed.compress_type = zipfile.ZIP_STORED if info.filename == "mimetype" else zipfile.ZIP_DEFLATED
            if info.filename.endswith(("core.xml", ".opf")):
                data = re.sub(rb"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2026-01-01T00:00:00Z", data)
            target.writestr(fixed, data)


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    report, columns = pdf_documents()
    known = {"report.docx": docx_document(), "slides.pptx": pptx_document(), "book.xlsx": xlsx_document(),
             "book.epub": epub_document(), "report.pdf": report, "columns.pdf": columns}
    for name in ("report.docx", "slides.pptx", "book.xlsx", "book.epub"):
        with_fixed_times(FOLDER / name)
    described = {name: document.described() for name, document in known.items()}
    (FOLDER / "words.json").write_text(json.dumps(described | scans(), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
