"""How often strangers may ask. People who are signed in are known and not limited here; the limits on codes themselves
are governance/accounts/codes.py."""

from rest_framework.throttling import AnonRateThrottle, SimpleRateThrottle


class Strangers(AnonRateThrottle):
    """Requests without a sign-in, by address: a neighbourhood behind one carrier's gateway still passes."""

    scope = "strangers"
    rate = "300/min"


class SigningIn(SimpleRateThrottle):
    """Attempts to sign in, by address."""

    scope = "signing_in"
    rate = "60/min"

    def get_cache_key(self, request, view) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}
