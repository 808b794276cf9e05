"""What the OpenAPI description says of every operation: it is made from the code, with the one shape of refusals."""

from typing import Any

from drf_spectacular.openapi import AutoSchema

from governance.api.errors import ProblemSerializer

#: What any operation may answer, and when.
ALWAYS = {
    "400": "提交的内容有误；errors 里逐项说明。",
    "401": "没有登录，或登录已失效。",
    "403": "会话不能用于这个请求（缺少防伪标记，或工作人员账号还没完成安全设置）。",
    "404": "没有找到，或者不在您的范围内。",
    "405": "这个地址不支持这种请求方法。",
    "406": "只提供 JSON。",
    "429": "请求太频繁，请稍后再试。",
}
WRITING = {
    "409": "与别人刚做的改动冲突；stale 时 steps 里是期间的进展。",
    "413": "提交的内容太大。",
    "415": "不支持这种内容类型。",
    "422": "幂等键已用于另一个请求。",
}


class PortalSchema(AutoSchema):
    """The framework's description, with the portal's refusals."""

    def _get_response_bodies(self, direction: str = "response") -> dict[str, Any]:
        bodies = super()._get_response_bodies(direction)
        refusals = ALWAYS if self.method in ("GET", "HEAD") else {**ALWAYS, **WRITING}
        for code, says in refusals.items():
            if code not in bodies:
                bodies[code] = self._get_response_for_code(
                    ProblemSerializer, code, media_types=["application/json"], direction=direction
                )
                bodies[code]["description"] = says
        return bodies

    def get_tags(self) -> list[str]:
        """Group operations by the first part of their address after the version."""
        parts = [part for part in self.path.split("/") if part]
        return [parts[2] if len(parts) > 2 else "api"]
