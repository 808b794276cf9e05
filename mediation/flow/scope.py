"""What the law lets people's mediation do, and what it does not: the reasons with the right way for each."""

from django.db import models


class NotMediable(models.TextChoices):
    """Why a dispute is not taken in (不予受理). Each has the way that is open instead, in ``RIGHT_WAY``."""

    RESERVED = "reserved", "法律规定由专门机关管辖"
    IN_COURT = "in_court", "法院已经受理"
    CRIME = "crime", "涉嫌犯罪或应受治安处罚"
    DECIDED = "decided", "已有生效的裁判、裁决或处理决定"
    NO_DISPUTE = "no_dispute", "不是民间纠纷"


RIGHT_WAY = {
    NotMediable.RESERVED: "请向有管辖权的机关申请处理。",
    NotMediable.IN_COURT: "请在诉讼中申请由法院调解。",
    NotMediable.CRIME: "请向公安机关报案。",
    NotMediable.DECIDED: "可以依法申请执行、复议或者再审。",
    NotMediable.NO_DISPUTE: "请通过随手拍、12345 热线或者信访渠道反映。",
}

#: Told whenever mediation ends without an agreement (People's Mediation Law, article 26).
OTHER_WAYS = "可以依法通过仲裁、行政途径或者向人民法院提起诉讼维护权利；调解期间不影响这些权利。"

#: What a court does not confirm (Supreme People's Court, interpretation of the Civil Procedure Law 2022, article 355).
IDENTITY = "确认婚姻、收养、亲子等身份关系的，法院不受理司法确认申请。"
OWNERSHIP = "涉及物权、知识产权确权的，法院不受理司法确认申请。"
#: Days from the agreement's effect (People's Mediation Law, article 33).
CONFIRM_WITHIN_DAYS = 30
