"""Rows that hold secrets, and how far a rotation of their keys has come."""

from __future__ import annotations

from typing import Any

from django.db import models, router, transaction

from .fields import EncryptedTextField


class HoldsSecrets(models.Model):
    """A new row gets its number first and its secrets then, in one transaction: they are sealed for that number."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        waiting: dict[EncryptedTextField, str] = {}
        if self.pk is None:
            fields = [each for each in self._meta.concrete_fields if isinstance(each, EncryptedTextField)]
            waiting = {each: text for each in fields if (text := getattr(self, each.attname))}
        if not waiting:
            return super().save(*args, **kwargs)
        using = kwargs.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using):
            try:
                for each in waiting:
                    setattr(self, each.attname, "")
                super().save(*args, **kwargs)
            finally:
                for each, text in waiting.items():
                    setattr(self, each.attname, text)
            sealed = {each.attname: each.pre_save(self, add=False) for each in waiting}
            type(self)._base_manager.using(using).filter(pk=self.pk).update(**sealed)


class Rotation(models.Model):
    """One row a column: rows up to `after` (a primary key, as text) are under `key_id`. Empty: a round begins."""

    column = models.CharField(max_length=120, unique=True)
    key_id = models.CharField(max_length=400)
    after = models.CharField(max_length=80, blank=True)

    def __str__(self) -> str:
        return f"{self.column} after {self.after or 'nothing'}"
