"""A pseudonymized file given to another patient: as if it had been hers, and exactly back again."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian

from pseudonymizer.engine import (
    Context,
    ProfileSpec,
    PseudonymizationError,
    Subject,
    build_profile,
    pseudonymize_file,
)
from pseudonymizer.engine.readdressing import Move, readdress_file
from pseudonymizer.engine.spec import RuleAction, TagRule

UID_KEY = b"k" * 32
NOW = datetime(2026, 11, 23, tzinfo=UTC)
GONE, KEPT = Subject("CT-GONE1", "ct", -400), Subject("CT-KEPT1", "ct", -1234)
DEFAULT = build_profile(ProfileSpec())


def pseudonymized(source: Path, folder: Path, subject: Subject, profile=DEFAULT) -> Path:
    folder.mkdir(exist_ok=True)
    context = Context(subject=subject, uid_key=UID_KEY, profile=profile, now=NOW)
    return pseudonymize_file(source, folder, context).path


def moved(source: Path, folder: Path, move: Move) -> Path:
    folder.mkdir(exist_ok=True)
    return readdress_file(source, folder, move).path


def to_kept(profile=DEFAULT) -> Move:
    return Move(GONE.pseudonym, KEPT.pseudonym, -834, profile)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def dated() -> Dataset:
    dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
    dataset.StudyDate, dataset.AcquisitionDateTime = "20040119", "20040119072730.5+0100"
    dataset.DateOfSecondaryCapture = "20200229"
    item = Dataset()
    item.ContentDate, item.ScheduledProcedureStepStartDate = "20040301", "20040301"
    dataset.RequestAttributesSequence = [item]
    return dataset


@pytest.fixture(params=["CT_small.dcm", "JPEG2000.dcm", "rtplan.dcm", "reportsi.dcm"])
def plain(request) -> Path:
    return Path(get_testdata_file(request.param))


def test_it_is_the_file_that_the_other_patient_would_have_got(plain, tmp_path) -> None:
    gone = pseudonymized(plain, tmp_path / "gone", GONE)
    kept = pseudonymized(plain, tmp_path / "kept", KEPT)
    assert digest(moved(gone, tmp_path / "moved", to_kept())) == digest(kept) != digest(gone)


def test_the_way_back_gives_the_same_bytes(plain, tmp_path) -> None:
    gone = pseudonymized(plain, tmp_path / "gone", GONE)
    there = moved(gone, tmp_path / "there", to_kept())
    assert digest(moved(there, tmp_path / "back", to_kept().back)) == digest(gone)


def test_dates_move_at_every_depth_and_keep_their_times(tmp_path) -> None:
    dated().save_as(tmp_path / "source.dcm")
    gone = pseudonymized(tmp_path / "source.dcm", tmp_path / "gone", GONE)
    after = pydicom.dcmread(moved(gone, tmp_path / "moved", to_kept()))
    # 1234 days before the originals
    assert after.StudyDate == "20000902"
    assert after.AcquisitionDateTime == "20000902072730.5+0100"
    assert after.DateOfSecondaryCapture == "20161013"
    assert after.PatientID == after.PatientName == after.ClinicalTrialSubjectID == "CT-KEPT1"
    assert after.ClinicalTrialProtocolID == "ct"


def test_a_date_that_the_profile_kept_stays(tmp_path) -> None:
    profile = build_profile(ProfileSpec(rules=(TagRule(0x00080020, RuleAction.KEEP),)))
    dated().save_as(tmp_path / "source.dcm")
    gone = pseudonymized(tmp_path / "source.dcm", tmp_path / "gone", GONE, profile)
    after = pydicom.dcmread(moved(gone, tmp_path / "moved", to_kept(profile)))
    assert after.StudyDate == "20040119"
    assert after.DateOfSecondaryCapture == "20161013"


@pytest.mark.parametrize("switch", ["full_dates", None])
def test_dates_that_were_never_shifted_stay(switch, tmp_path) -> None:
    profile = build_profile(ProfileSpec(frozenset({switch} if switch else ())))
    dated().save_as(tmp_path / "source.dcm")
    gone = pseudonymized(tmp_path / "source.dcm", tmp_path / "gone", GONE, profile)
    after = pydicom.dcmread(moved(gone, tmp_path / "moved", to_kept(profile)))
    assert after.StudyDate == pydicom.dcmread(gone).StudyDate


def test_a_dummy_date_is_no_date(tmp_path) -> None:
    dataset = dated()
    dataset.StudyDate = "19010101"  # a sentinel
    profile = build_profile(ProfileSpec())
    dataset.save_as(tmp_path / "source.dcm")
    gone = pseudonymized(tmp_path / "source.dcm", tmp_path / "gone", GONE, profile)
    before = pydicom.dcmread(gone)
    after = pydicom.dcmread(moved(gone, tmp_path / "moved", to_kept(profile)))
    assert before.StudyDate in ("", "19000101")
    assert after.StudyDate == before.StudyDate


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_every_encoding_goes_there_and_back(syntax, tmp_path) -> None:
    dataset = dated()
    if syntax == ExplicitVRBigEndian:
        del dataset.PixelData
    dataset.file_meta.TransferSyntaxUID = syntax
    pydicom.dcmwrite(
        tmp_path / "source.dcm",
        dataset,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
    )
    gone = pseudonymized(tmp_path / "source.dcm", tmp_path / "gone", GONE)
    there = moved(gone, tmp_path / "there", to_kept())
    assert pydicom.dcmread(there).StudyDate == "20000902"
    assert digest(moved(there, tmp_path / "back", to_kept().back)) == digest(gone)


def test_what_could_not_be_given_back_is_not_touched(tmp_path) -> None:
    """A date that would move onto the dummy's day could not be told from it on the way back."""
    dataset = dated()
    dataset.StudyDate = "19030520"  # 834 + 400 days after 1900-01-01
    dataset.save_as(tmp_path / "source.dcm")
    gone = pseudonymized(tmp_path / "source.dcm", tmp_path / "gone", GONE)
    with pytest.raises(PseudonymizationError) as refused:
        moved(gone, tmp_path / "moved", to_kept())
    assert refused.value.code == "not-reversible"
    assert list((tmp_path / "moved").iterdir()) == []


def test_the_file_of_somebody_else_is_refused(tmp_path) -> None:
    kept = pseudonymized(Path(get_testdata_file("CT_small.dcm")), tmp_path / "kept", KEPT)
    with pytest.raises(PseudonymizationError) as refused:
        moved(kept, tmp_path / "moved", to_kept())
    assert refused.value.code == "other-pseudonym"
    assert "KEPT" not in str(refused.value)


def test_a_move_does_not_print_its_days() -> None:
    assert "834" not in repr(to_kept())
