"""The base of all models of a spec: a closed set of keys, exact types, frozen."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Refuses unknown keys and never turns one type into another."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=False)
