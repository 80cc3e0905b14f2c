"""The words of the templates: key -> (English, Chinese)."""

from types import MappingProxyType
from typing import Final

_TABLE: Final[dict[str, tuple[str, str]]] = {
    "skip": ("Skip to the content", "跳到正文"),
    "languages": ("Language", "语言"),
    "noscript": (
        "This page needs JavaScript to keep your place in the line.",
        "本页需要开启 JavaScript，才能为你保留排队号。",
    ),
    "from": ("from", "起价"),
    # The list of premieres.
    "list.title": ("Premieres", "首映开售"),
    "list.mine": ("Your orders on this device", "本机上的订单"),
    "list.opens": ("Opens", "开售时间"),
    "list.go": ("Go to the sale", "进入开售页"),
    "list.none": ("Nothing is on sale yet.", "暂时没有开售的影片。"),
    "state.scheduled": ("Not open yet", "未开售"),
    "state.open": ("On sale", "售票中"),
    "state.paused": ("Paused", "暂停中"),
    "state.closed": ("Closed", "已结束"),
    # One sale.
    "join": ("Join the line", "加入排队"),
    "come-in": ("Come in now", "立即入场选座"),
    "rejoin": ("Join again", "重新排队"),
    "my-order": ("Go to your order", "查看订单"),
    "signals": ("When it is your turn", "轮到你时"),
    "signals.sound": ("Play a sound", "声音提醒"),
    "signals.awake": ("Keep the screen on", "保持屏幕常亮"),
    "next.title": ("What happens next", "接下来"),
    "shows.title": ("Showtimes", "场次"),
    "choose.title": ("Choose your seats", "选择座位"),
    "choose.left": ("Time to choose:", "选座剩余时间："),
    "held.title": ("These seats are kept for you", "座位已为你锁定"),
    "held.left": ("left to order", "内下单"),
    "held.order": ("Order and pay", "下单并支付"),
    "held.release": ("Give the seats back", "放弃这些座位"),
    "held.why": (
        "If the time runs out, the seats go back on sale and you can choose again while your turn lasts.",
        "超时后座位会释放，在你的选座时间内仍可重新选座。",
    ),
    # An order.
    "order.title": ("Your order", "你的订单"),
    "order.paying.title": ("Pay for your seats", "请支付订单"),
    "order.paying.lead": (
        "The seats are yours once the payment is confirmed. This page changes by itself.",
        "付款确认后座位即归你所有，本页会自动更新。",
    ),
    "order.confirmed.title": ("The seats are yours", "出票成功"),
    "order.confirmed.lead": ("Show a code below at the door.", "入场时请出示下方二维码。"),
    "order.declined.title": ("The payment was declined", "支付未成功"),
    "order.declined.lead": (
        "No money was taken. Your seats are still kept: try again, or pay in another way, before the time "
        "below ends.",
        "没有扣款，座位仍为你保留。请在下方时间结束前重试，或更换支付方式。",
    ),
    "order.late.title": ("The payment came too late", "付款已超时"),
    "order.late.lead": (
        "Your seats had gone to others by then. The money goes back to you in full, without your doing.",
        "付款到账时座位已被他人购得。款项将全额退回，你无需任何操作。",
    ),
    "order.lapsed.title": ("The time to pay has ended", "支付时间已结束"),
    "order.lapsed.lead": (
        "Your seats are on sale again and nothing was sold to you. A payment under way buys them if they "
        "are still free, or goes back to you in full.",
        "座位已释放，订单未成交。若仍有付款在途：座位还在则出票，否则全额退款。",
    ),
    "order.returned.title": ("This order was refunded", "订单已退款"),
    "order.returned.lead": ("Its tickets are no longer valid.", "原影票已失效。"),
    "order.pay": ("Pay", "支付"),
    "order.pay-by": ("left to pay, until", "内完成支付，截止"),
    "order.pay-elsewhere": (
        "Pay in the shop you came from; this page shows when the money has arrived.",
        "请在来源商城完成支付，到账后本页会显示。",
    ),
    "order.again": ("Back to the sale", "返回开售页"),
    "order.number": ("Order", "订单号"),
    "bill": ("What you pay", "费用明细"),
    "bill.seat": ("Seat", "座位"),
    "bill.price": ("Price", "价格"),
    "bill.fees": ("Service fee", "服务费"),
    "bill.sum": ("Total", "合计"),
    "ticket.qr": ("Code of seat", "座位二维码"),
    "ticket.print": ("Print", "打印"),
    "ticket.copy": ("Copy the link", "复制链接"),
    "ticket.keep": (
        "Keep this page's link: it opens your tickets on any device. Whoever has it has the tickets.",
        "请保存本页链接，可在任何设备上打开影票。请勿外传，持有链接即可入场。",
    ),
    # The test provider.
    "test-pay.title": ("Test payment", "测试支付"),
    "test-pay.lead": (
        "No money moves here. This page plays a payment provider: a button sends a signed event to Usher.",
        "此处不会产生真实扣款。本页模拟支付方：按下按钮即向 Usher 发送一条签名事件。",
    ),
    "test-pay.pay": ("Pay", "支付"),
    "test-pay.decline": ("Decline", "拒绝支付"),
    "test-pay.back": ("Back to the order", "返回订单"),
    # Problems.
    "problem.again": ("Try again", "重试"),
    "problem.home": ("See what is on sale", "查看开售影片"),
    "problem.not-found.title": ("Nothing is here", "页面不存在"),
    "problem.not-found": ("The address may be mistyped or out of date.", "地址可能有误或已失效。"),
    "problem.unknown-sale.title": ("No such sale", "没有这场开售"),
    "problem.unknown-sale": ("The link may be mistyped or out of date.", "链接可能有误或已失效。"),
    "problem.unknown-order.title": ("No such order", "没有这个订单"),
    "problem.unknown-order": (
        "Check the link: every letter of it counts.",
        "请检查链接是否完整，每个字符都不能少。",
    ),
    "problem.store-unavailable.title": ("One moment, please", "请稍候"),
    "problem.store-unavailable": (
        "We are reconnecting. Places, seats and orders are kept; try again in a few seconds.",
        "正在重新连接。排队号、座位和订单都已保留，请几秒后重试。",
    ),
    "problem.other.title": ("That did not work", "出了点问题"),
    "problem.other": (
        "Nothing of yours is lost. Try again in a few seconds.",
        "你的信息没有丢失，请几秒后重试。",
    ),
}
WORDS: Final = MappingProxyType(_TABLE)
