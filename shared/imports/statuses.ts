import type { AfterSale, OrderStatus } from '../domain/orders.ts'

/** Words of the platforms, first match wins. Sources: order and after-sale lists of Doudian and Kuaishou merchant back ends. */
const STATUS_WORDS: readonly (readonly [RegExp, OrderStatus | 'unpaid'])[] = [
  [/待支付|待付款|未支付|未付款|待付定金|待付尾款/, 'unpaid'],
  [/关闭|取消|拒收|已退款|交易失败/, 'closed'],
  [/部分发货|待发货|备货中|已支付|已付款|待确认|未发货|待揽收|拼团中|待成团/, 'to-ship'],
  [/已发货|待收货|已签收|已收货|运输中|派送中|已揽收/, 'shipped'],
  [/已完成|交易成功|交易完成|订单成功/, 'completed'],
]

const OWN_WORDS = new Set<string>(['to-ship', 'shipped', 'completed', 'closed'])

/** An order status in the platform's words (or Chanbo's own) → ours; null for words not known. */
export function readStatus(cell: string): OrderStatus | 'unpaid' | null {
  if (OWN_WORDS.has(cell)) return cell as OrderStatus
  for (const [words, status] of STATUS_WORDS) if (words.test(cell)) return status
  return null
}

const OWN_AFTER_SALES = new Set<string>(['open', 'refunded', 'closed'])

/** An after-sale status → ours. Any words that neither end nor refund it mean that it is open. */
export function readAfterSale(cell: string): AfterSale {
  if (cell === '' || /^(无|无售后|未申请)$/.test(cell)) return ''
  if (OWN_AFTER_SALES.has(cell)) return cell as AfterSale
  if (/换货(成功|完成)|补寄(成功|完成)|维修(成功|完成)/.test(cell)) return 'closed'
  if (/退款成功|退款完成|已退款|已全额退款|售后成功|售后完成|售后完结|退货成功|同意退款，退款成功/.test(cell))
    return 'refunded'
  if (/关闭|取消|撤销|拒绝|失败/.test(cell)) return 'closed'
  return 'open'
}

/** Reasons that speak of the goods themselves; the others are about wishes, sizes and delivery. */
const QUALITY_WORDS =
  /质量|破损|损坏|瑕疵|做工|掉色|褪色|异味|变质|过期|假冒|假货|不符|少件|漏发|发错|错发|材质|开线|断裂|生锈|漏水|无法使用|功能/

export const isQualityReason = (reason: string): boolean => QUALITY_WORDS.test(reason)
