"""A key that AWS KMS keeps: the data key goes there to be wrapped, the key itself is nowhere here."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .places import Place
from .refusals import NotOpened, Unavailable

CONNECT_S, READ_S, TRIES = 3, 5, 3
REFUSED = {"InvalidCiphertextException", "IncorrectKeyException"}


@dataclass(frozen=True)
class KmsKey:
    """`key_id` is a key id, an ARN, or `alias/NAME`. Credentials and region are boto3's own, from the machine."""

    key_id: str

    @property
    def id(self) -> str:
        return f"kms:{self.key_id}"

    @cached_property
    def client(self) -> Any:
        try:
            import boto3  # noqa: PLC0415 -- optional: requirements-kms.txt
            from botocore.config import Config  # noqa: PLC0415 -- optional: requirements-kms.txt
        except ImportError:
            raise Unavailable("boto3 is not installed: see requirements-kms.txt") from None
        logging.getLogger("botocore").setLevel(logging.INFO)  # at DEBUG it writes data keys, in clear
        parts = self.key_id.split(":")
        region = parts[3] if len(parts) > 3 else None
        waits = Config(connect_timeout=CONNECT_S, read_timeout=READ_S, retries={"total_max_attempts": TRIES})
        try:
            return boto3.client("kms", region_name=region, config=waits)
        except Exception as error:  # botocore's own have no common ancestor that can be named without it
            raise Unavailable(f"AWS KMS cannot be asked: {type(error).__name__}") from None

    def wrap(self, data_key: bytes, place: Place) -> bytes:
        """https://docs.aws.amazon.com/kms/latest/APIReference/API_Encrypt.html"""
        answer = self.ask("encrypt", Plaintext=data_key, EncryptionContext=place.context())
        return bytes(answer["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, place: Place) -> bytes:
        """https://docs.aws.amazon.com/kms/latest/APIReference/API_Decrypt.html; by this key alone, not whose it is."""
        return bytes(self.ask("decrypt", CiphertextBlob=wrapped, EncryptionContext=place.context())["Plaintext"])

    def ask(self, what: str, **words: Any) -> Any:
        """Only the name of what went wrong is told: the rest of it may repeat what was sent."""
        client = self.client
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 -- optional: requirements-kms.txt

        try:
            return getattr(client, what)(KeyId=self.key_id, **words)
        except ClientError as error:
            code = str(error.response.get("Error", {}).get("Code", ""))
            if code in REFUSED:
                raise NotOpened(f"AWS KMS does not open it: {code}") from None
            raise Unavailable(f"AWS KMS refuses: {code}") from None
        except BotoCoreError as error:
            raise Unavailable(f"AWS KMS does not answer: {type(error).__name__}") from None
