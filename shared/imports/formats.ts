/** The exports that are understood, described by their headings. Column order and further columns do not matter. */

export const FORMAT_IDS = ['doudian-orders', 'doudian-aftersale', 'kuaishou-orders', 'chanbo-orders'] as const
export type FormatId = (typeof FORMAT_IDS)[number]

interface ColumnSpec {
  /** Headings used for it, by preference. */
  readonly names: readonly string[]
  readonly required: boolean
}

export interface FileFormat {
  readonly id: FormatId
  /** Where the rows come from; the same for formats whose orders are the same orders. */
  readonly source: string
  readonly kind: 'orders' | 'aftersale'
  /** Headings that, all together, only this format has. */
  readonly signature: readonly string[]
  readonly columns: Readonly<Record<string, ColumnSpec>>
  /** Fields that hold order numbers, and those that hold times: where a spreadsheet's damage shows. */
  readonly idFields: readonly string[]
  readonly timeFields: readonly string[]
}

const need = (...names: string[]): ColumnSpec => ({ names, required: true })
const may = (...names: string[]): ColumnSpec => ({ names, required: false })

const doudianOrders: FileFormat = {
  id: 'doudian-orders',
  source: 'doudian',
  kind: 'orders',
  signature: ['主订单编号', '子订单编号'],
  columns: {
    orderNo: need('主订单编号'),
    subOrderNo: need('子订单编号'),
    productName: need('选购商品'),
    spec: may('商品规格'),
    quantity: need('商品数量'),
    productId: need('商品ID'),
    skuCode: need('商家编码'),
    // The 75-column export calls the unit price 商品金额.
    unitPrice: may('商品单价', '商品金额'),
    payable: need('订单应付金额'),
    payDiscount: may('支付优惠'),
    orderedAt: need('订单提交时间'),
    paidAt: need('支付完成时间'),
    completedAt: may('订单完成时间'),
    status: need('订单状态'),
    afterSale: may('售后状态'),
    cancelReason: may('取消原因'),
    promisedAt: may('承诺发货时间'),
    shippedAt: may('发货时间'),
    province: may('省'),
  },
  idFields: ['orderNo', 'subOrderNo'],
  timeFields: ['orderedAt', 'paidAt'],
}

const doudianAftersale: FileFormat = {
  id: 'doudian-aftersale',
  source: 'doudian',
  kind: 'aftersale',
  signature: ['售后单号', '商品单号'],
  columns: {
    afterSaleNo: need('售后单号'),
    orderNo: need('订单号'),
    subOrderNo: need('商品单号'),
    kind: may('售后类型'),
    shipState: may('商品发货状态'),
    refundGoods: need('退商品金额(元)'),
    refundFreight: may('退运费金额(元)'),
    state: need('售后状态'),
    requestedAt: need('售后申请时间'),
    reason: need('售后原因'),
    reasonTag: may('售后原因标签'),
    refundedAt: may('商家退款时间'),
    arrivedAt: may('用户到账时间'),
    closedAt: may('售后关闭时间'),
    finishedAt: may('售后完结时间'),
  },
  idFields: ['afterSaleNo', 'orderNo', 'subOrderNo'],
  timeFields: ['requestedAt'],
}

const kuaishouOrders: FileFormat = {
  id: 'kuaishou-orders',
  source: 'kuaishou',
  kind: 'orders',
  signature: ['订单号', '订单创建时间', '成交数量'],
  columns: {
    orderNo: need('订单号'),
    subOrderNo: need('订单号'),
    productName: need('商品名称'),
    spec: may('商品规格'),
    quantity: need('成交数量'),
    productId: need('商品ID'),
    skuCode: need('SKU编码'),
    unitPrice: may('商品单价'),
    paid: need('实付款'),
    payDiscount: may('支付优惠'),
    orderedAt: need('订单创建时间'),
    paidAt: need('订单支付时间'),
    status: need('订单状态'),
    afterSale: may('售后状态'),
    promisedAt: may('预售/承诺发货时间'),
    shippedAt: may('发货时间'),
    province: may('收货地址-省'),
  },
  idFields: ['orderNo'],
  timeFields: ['orderedAt', 'paidAt'],
}

/** Chanbo's own export of order rows. */
const chanboOrders: FileFormat = {
  id: 'chanbo-orders',
  source: '',
  kind: 'orders',
  signature: ['来源', '子订单编号', '用户实付'],
  columns: {
    source: need('来源'),
    orderNo: need('主订单编号'),
    subOrderNo: need('子订单编号'),
    productName: need('选购商品'),
    quantity: need('商品数量'),
    skuCode: need('商家编码'),
    payable: need('订单应付金额'),
    paid: need('用户实付'),
    orderedAt: need('订单提交时间'),
    paidAt: need('支付完成时间'),
    completedAt: may('订单完成时间'),
    status: need('订单状态'),
    afterSale: may('售后状态'),
    refund: may('退款金额'),
    cancelReason: may('取消原因'),
    promisedAt: may('承诺发货时间'),
    shippedAt: may('发货时间'),
    province: may('省'),
  },
  idFields: ['orderNo', 'subOrderNo'],
  timeFields: ['orderedAt', 'paidAt'],
}

/** Most specific first. */
export const FORMATS: readonly FileFormat[] = [chanboOrders, doudianAftersale, doudianOrders, kuaishouOrders]

export const formatNamed = (id: FormatId): FileFormat => FORMATS.find((format) => format.id === id)!

/** A heading as it is compared: full-width brackets and letters made half-width, no blanks, no guards. */
export const normaliseHeading = (raw: string): string =>
  raw
    .normalize('NFKC')
    .replace(/^\uFEFF/, '')
    .replace(/['"\s]/g, '')
