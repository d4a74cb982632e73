"""R-SECRET: AWS KMS wraps the data keys where it is asked to; against moto, which stands in for AWS."""

from __future__ import annotations

import base64
import logging
import sys
from collections.abc import Iterator
from io import StringIO
from typing import Any

import boto3
import pytest
from django.core.management import call_command
from moto import mock_aws

from apps.alerts.models import Channel
from apps.secrets.checks import check_kms
from apps.secrets.envelope import key_of, seal, unseal
from apps.secrets.keys import keyring, ring_of
from apps.secrets.kms import KmsKey
from apps.secrets.places import Place
from apps.secrets.refusals import NotOpened, Unavailable, UnknownKey
from tests.keys import key_named

from .conftest import ADDRESS, columns, made, newest

HERE, THERE = Place("alerts.channel", "7", "sealed_address"), Place("alerts.channel", "8", "sealed_address")


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A KMS without keys. What was kept of other clients is forgotten, before and after."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    ring_of.cache_clear()
    with mock_aws():
        yield boto3.client("kms", region_name="eu-west-1")
    ring_of.cache_clear()


@pytest.fixture
def kms_key(aws: Any, settings: Any) -> str:
    settings.ENCRYPTION_KMS_KEY_ID = aws.create_key()["KeyMetadata"]["KeyId"]
    return str(settings.ENCRYPTION_KMS_KEY_ID)


def test_a_secret_is_wrapped_by_kms_and_comes_back(kms_key: str) -> None:
    sealed = seal("c4n4ry", HERE)

    assert (key_of(sealed), unseal(sealed, HERE)) == (f"kms:{kms_key}", "c4n4ry")


def test_kms_is_told_the_place_and_opens_it_there_alone(kms_key: str, aws: Any) -> None:
    wrapped = KmsKey(kms_key).wrap(b"k" * 32, HERE)

    with pytest.raises(NotOpened, match="InvalidCiphertextException"):
        KmsKey(kms_key).unwrap(wrapped, THERE)
    context = {"model": "alerts.channel", "row": "7", "field": "sealed_address"}
    assert aws.decrypt(CiphertextBlob=wrapped, EncryptionContext=context)["Plaintext"] == b"k" * 32


def test_what_is_changed_or_moved_does_not_open(kms_key: str) -> None:
    version, key_id, wrapped, text = seal("c4n4ry", HERE).split(".")
    other = seal("c4n4ry", THERE).split(".")
    blob = base64.urlsafe_b64decode(wrapped + "=" * (-len(wrapped) % 4))
    changed = base64.urlsafe_b64encode(blob[:-1] + bytes([blob[-1] ^ 1])).rstrip(b"=").decode()

    for parts in ([changed, text], [other[2], text], [wrapped, other[3]]):
        with pytest.raises(NotOpened):
            unseal(".".join([version, key_id, *parts]), HERE)


def test_another_key_of_kms_is_not_asked_because_a_row_names_it(kms_key: str, aws: Any, settings: Any) -> None:
    sealed = seal("c4n4ry", HERE)
    settings.ENCRYPTION_KMS_KEY_ID = aws.create_key()["KeyMetadata"]["KeyId"]

    with pytest.raises(UnknownKey):
        unseal(sealed, HERE)
    settings.ENCRYPTION_KEY_FALLBACKS = [f"kms:{kms_key}"]
    assert unseal(sealed, HERE) == "c4n4ry"


def test_a_refusal_says_its_name(kms_key: str, settings: Any) -> None:
    settings.ENCRYPTION_KMS_KEY_ID = "alias/nosuch"

    with pytest.raises(Unavailable, match=r"^AWS KMS refuses: NotFoundException$"):
        seal("c4n4ry", HERE)


def test_a_service_that_is_away_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL_KMS", "http://127.0.0.1:9")

    with pytest.raises(Unavailable, match=r"^AWS KMS does not answer: EndpointConnectionError$"):
        KmsKey("arn:aws:kms:eu-west-1:123456789012:key/x").wrap(b"k" * 32, HERE)


def test_no_data_key_is_in_a_log(kms_key: str, caplog: pytest.LogCaptureFixture) -> None:
    """botocore writes whole requests and answers at DEBUG."""
    caplog.set_level(logging.DEBUG)
    data_key = b"data key of thirty-two bytes abc"

    assert KmsKey(kms_key).unwrap(KmsKey(kms_key).wrap(data_key, HERE), HERE) == data_key

    assert [each for each in (base64.b64encode(data_key).decode(), "data key of") if each in caplog.text] == []


def test_an_alias_and_an_arn_name_a_key_too(kms_key: str, aws: Any, settings: Any) -> None:
    aws.create_alias(AliasName="alias/livedesk", TargetKeyId=kms_key)
    names = ["alias/livedesk", aws.describe_key(KeyId=kms_key)["KeyMetadata"]["Arn"]]

    for name in names:
        settings.ENCRYPTION_KMS_KEY_ID = name
        assert unseal(seal("c4n4ry", HERE), HERE) == "c4n4ry"


@pytest.mark.django_db
def test_a_desk_moves_from_its_own_key_to_kms_and_back(aws: Any, settings: Any) -> None:
    settings.ENCRYPTION_KEY, settings.ENCRYPTION_KEY_FALLBACKS = key_named("own"), []
    row = made("Ops")
    key = aws.create_key()["KeyMetadata"]["KeyId"]
    seen = []
    for kms, fallbacks in ((key, []), ("", [f"kms:{key}"])):
        settings.ENCRYPTION_KMS_KEY_ID, settings.ENCRYPTION_KEY_FALLBACKS = kms, fallbacks
        call_command("rotate_secrets", stdout=StringIO())
        seen.append({key_of(stored) for stored in columns(row)} == {newest()})
        assert Channel.objects.get().sealed_address == ADDRESS

    assert seen == [True, True]
    assert newest().startswith("local-")


def test_without_boto3_the_start_is_refused_and_nothing_is_sealed(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    ring_of.cache_clear()
    settings.ENCRYPTION_KMS_KEY_ID = "alias/livedesk"

    assert [message.id for message in check_kms(None)] == ["secrets.E002"]
    with pytest.raises(Unavailable, match="boto3 is not installed"):
        seal("c4n4ry", HERE)


def test_a_former_key_may_be_one_of_kms(settings: Any) -> None:
    settings.ENCRYPTION_KEY_FALLBACKS = ["kms:alias/before"]

    assert keyring().of("kms:alias/before") == KmsKey("alias/before")
    assert keyring().newest.id.startswith("local-")
