"""The press: data in, the same bytes out, and nothing printed as an empty box or left out."""

from __future__ import annotations

import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pypdf
import pytest

from contract.parties import Language
from documents import fonts, press
from documents.errors import NoFont, NoGlyph, PressFault
from documents.paper import Column, Paper, Sheet, Side, Total, Words
from documents.writings import writing_of
from tests.documents.reading import pages_of, text_of, without_blanks

AT = datetime(2026, 3, 2, 1, tzinfo=UTC)


def paper(*parts, title: str = "试印 A trial", name: str = "华信售后服务有限公司"):
    return Paper(title, Side("", name, []), [], "footer", "subject", list(parts))


def printed(made: Paper, language: Language = Language.ENGLISH) -> bytes:
    return press.pdf("paper", made.content(writing_of(language)), language=language, at=AT)


@pytest.mark.parametrize("language", Language)
def test_the_same_content_gives_the_same_bytes_in_another_process(language):
    code = (
        "import hashlib, sys\n"
        "from contract.parties import Language\n"
        "from tests.documents.test_press import paper, printed, Words\n"
        f"made = printed(paper(Words('中文 and English')), Language({language.value!r}))\n"
        "print(hashlib.sha256(made).hexdigest())\n"
    )
    ran = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(2)]
    assert ran[0].stdout == ran[1].stdout


def test_documents_made_at_the_same_time_are_the_same():
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda _: printed(paper(Words("同时 at once"))), range(16)))
    assert len(set(made)) == 1


def test_the_date_of_a_document_is_that_of_its_facts_not_of_its_printing():
    found = pypdf.PdfReader(io.BytesIO(printed(paper()))).metadata
    assert found is not None
    assert found.creation_date == AT
    assert found.title == "试印 A trial"
    assert found.author == "华信售后服务有限公司"


def test_a_document_is_pdf_a_3_and_tagged_in_its_language():
    made = pypdf.PdfReader(io.BytesIO(printed(paper(), Language.CHINESE)))
    assert made.xmp_metadata is not None
    assert made.xmp_metadata.pdfaid_part == "3"
    assert made.xmp_metadata.pdfaid_conformance == "A"
    assert str(made.root_object["/Lang"]).startswith("zh")
    assert "/StructTreeRoot" in made.root_object


@pytest.mark.parametrize(
    "written", ["#panic()", "*bold* _it_ = head", "$x$ @ref <label>", 'a "quoted" \\ // text', "#{1+1}"]
)
def test_what_a_person_wrote_is_printed_as_written_and_never_run(written):
    assert written in text_of(printed(paper(Words(written))))


def test_lines_are_kept_and_what_cannot_be_seen_is_left_out():
    made = text_of(printed(paper(Words("one\r\ntwo\u202e\u0007 th\u00adr\U000e0041ee"))))
    assert "one two three" in made


def test_a_word_longer_than_its_column_is_broken_and_not_cut_off():
    word = "X" * 180 + "END"
    made = printed(paper(Sheet([Column("head", width=1), Column("n", right=True)], [[word, "1.00"]])))
    assert word in without_blanks(text_of(made))


@pytest.mark.parametrize("character", ["😀", "\u0e01", "\u0627", "\ue000"], ids=lambda c: f"{ord(c):04X}")
def test_a_character_that_no_font_has_is_refused_by_name_and_place(character):
    with pytest.raises(NoGlyph) as refused:
        printed(paper(Words("fine"), Words(f"a{character}b")))
    assert f"U+{ord(character):04X}" in str(refused.value)
    assert "parts[1].text" in str(refused.value)


@pytest.mark.parametrize(
    "name",
    ["Łódź Żółć s.r.o.", "Ελληνικά Α.Ε.", "ООО «Привет»", "𠮷野家", "Đặng Thùy Trâm", "株式会社ハル", "한국"],
)
@pytest.mark.parametrize("language", Language)
def test_names_of_many_countries_can_be_printed(name, language):
    assert name in text_of(printed(paper(name=name), language))


def test_a_font_that_is_not_installed_is_named_with_its_package(monkeypatch):
    gone = replace_first(module="no_such_package", package="fontpkg-noto-sans")
    monkeypatch.setattr(fonts, "FILES", gone)
    fonts.listing.cache_clear()
    try:
        with pytest.raises(NoFont, match="Noto Sans is not installed; its package is fontpkg-noto-sans"):
            fonts.listing()
    finally:
        fonts.listing.cache_clear()


def replace_first(**changes):
    return (fonts.FILES[0]._replace(**changes), *fonts.FILES[1:])


def test_a_font_the_layouts_do_not_find_is_an_error_and_not_another_font(monkeypatch):
    monkeypatch.setattr(fonts, "LATIN", "No Such Family")
    with pytest.raises(PressFault, match="no such family"):
        printed(paper())


def test_a_layout_that_lacks_what_it_needs_is_a_fault_that_says_so():
    with pytest.raises(PressFault, match="paper"):
        press.pdf("paper", {"title": "x"}, language=Language.ENGLISH, at=AT)


def test_every_sign_in_the_layouts_can_be_set():
    for name, source in press._layouts().items():
        assert not fonts.missing(source.decode()), name


@pytest.mark.parametrize("rows", range(20, 60))
def test_the_head_of_a_table_stands_on_each_page_and_its_total_never_alone(rows):
    sheet = Sheet(
        [Column("THEHEAD", width=1), Column("amount", right=True)],
        [[f"row-{n}", f"{n}.00"] for n in range(rows)],
        [Total("THETOTAL", ["999.00"])],
    )
    pages = pages_of(printed(paper(sheet, title="t")))
    for page in pages:
        assert "THEHEAD" in page
    assert "THETOTAL" in pages[-1]
    assert f"row-{rows - 1}" in pages[-1]
    assert f"row-{rows - 2}" in pages[-1]
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
