import { PLAN_EVENT_KINDS } from './plan-events.ts'
import {
  bool,
  claim,
  fact,
  int,
  json,
  nullable,
  oneOf,
  real,
  ref,
  register,
  text,
  type Table,
} from './table.ts'

/**
 * Every replicated table of the belt. Names are the domain's (docs/domain.md §1); money is integer fen,
 * instants epoch milliseconds, minutes of a day count from local midnight and may pass 1440.
 */
const belt: Table[] = [
  register('belt', 'belt', {
    identity: { name: text, shortName: text, trade: text, countyCode: text, province: text },
    maturity: { tier: oneOf('primary', 'mature') },
    zone: { timeZone: text },
    demo: { isDemo: bool, demoNowMs: nullable(int) },
  }),
  register('fairSlotPolicy', 'belt', {
    policy: {
      longTailQuotaPct: real,
      headCapPct: real,
      longTailTopPct: real,
      primeStartMin: int,
      primeEndMin: int,
      slotToleranceMin: int,
      slotDurationPct: real,
    },
  }),
  register('holidayYear', 'belt', {
    days: { year: int, holidays: json, makeUpWorkdays: json, source: text },
  }),
  register('factor', 'belt', {
    value: { kind: text, key: text, value: real, unit: text, dataYear: int, source: text },
  }),
  register('liveBase', 'belt', {
    identity: { name: text, shortName: text, kind: oneOf('rural', 'cluster') },
    network: { networkProfile: oneOf('fibre', '4g', 'poor') },
    hours: { openMin: int, closeMin: int },
  }),
  register('person', 'belt', {
    identity: { name: text, shortName: text },
    access: {
      role: oneOf('administrator', 'planner', 'cluster-manager', 'official'),
      baseId: nullable(ref('liveBase')),
      active: bool,
    },
  }),
  register('device', 'belt', { identity: { name: text, author: text, baseId: nullable(ref('liveBase')) } }, [
    ['author'],
  ]),
  register(
    'merchant',
    'belt',
    {
      identity: { name: text, shortName: text, baseId: ref('liveBase') },
      profile: { sizeClass: oneOf('head', 'middle', 'long-tail'), returnRatePct: real },
      credit: {
        creditGrade: oneOf('A', 'B', 'C', 'D'),
        listStatus: oneOf('white', 'none', 'watch', 'black'),
        creditReason: text,
      },
    },
    [['baseId']],
  ),
  fact(
    'creditChange',
    'belt',
    {
      merchantId: ref('merchant'),
      fromGrade: text,
      toGrade: text,
      fromList: text,
      toList: text,
      reason: text,
      atMs: int,
      appealUntilMs: int,
    },
    { indexes: [['merchantId']] },
  ),
]

const rooms: Table[] = [
  register(
    'studio',
    'belt',
    {
      identity: { name: text, shortName: text, baseId: ref('liveBase') },
      room: { areaM2: real, kit: json, powerKw: real },
      fee: { feeFenPerHour: int },
      hours: { openMin: int, closeMin: int, resetMin: int, makeUpMin: int },
    },
    [['baseId']],
  ),
  register('equipment', 'belt', {
    identity: { name: text, baseId: ref('liveBase') },
    stock: { quantity: int },
  }),
  register('streamer', 'belt', {
    identity: { name: text, shortName: text, baseId: nullable(ref('liveBase')) },
    verification: { identityVerified: bool, birthDate: nullable(text), guardianConsent: bool },
    training: { firstTrainedMs: nullable(int), lastTrainedMs: nullable(int) },
    skill: { grade: oneOf('S', 'A', 'B', 'C'), families: json },
    limits: { maxMinPerDay: int, maxStretchMin: int, minRestMin: int },
    availability: { weekly: json },
  }),
  register(
    'streamerCertificate',
    'belt',
    {
      certificate: { streamerId: ref('streamer'), category: text, number: text, expiresMs: int },
    },
    [['streamerId']],
  ),
  fact(
    'violation',
    'belt',
    { streamerId: ref('streamer'), ruleId: text, atMs: int, note: text },
    { indexes: [['streamerId', 'atMs']] },
  ),
]

const making: Table[] = [
  register(
    'factory',
    'base',
    { identity: { name: text, shortName: text, baseId: ref('liveBase') }, audit: { auditGrade: text } },
    [['baseId']],
  ),
  register(
    'productionLine',
    'base',
    {
      identity: { name: text, shortName: text, factoryId: ref('factory'), kind: oneOf('line', 'qc') },
      rates: { unitsPerHour: json },
      changeover: { changeoverMin: json, initialFamily: nullable(text) },
      shifts: { shifts: json },
      cost: { costFenPerHour: int, kwhPerHour: real },
      state: { downFromMs: nullable(int), downUntilMs: nullable(int), downReason: nullable(text) },
    },
    [['factoryId']],
  ),
  register(
    'product',
    'base',
    {
      identity: { name: text, shortName: text, merchantId: ref('merchant'), family: text },
      routing: { routing: json },
      policy: { returnPolicy: text, categoryKey: text },
    },
    [['merchantId']],
  ),
  register(
    'sku',
    'base',
    {
      identity: { name: text, productId: ref('product'), code: text, externalId: nullable(text) },
      price: { priceFen: int, costFen: int },
      pack: { weightG: int, packaging: text, packagingG: int },
    },
    [['productId'], ['code'], ['externalId']],
  ),
  register(
    'productionOrder',
    'base',
    {
      identity: {
        skuId: ref('sku'),
        kind: oneOf('sample', 'presale-test', 'pre-stock', 'quick-response', 'c2m'),
        sessionId: nullable(ref('liveSession')),
        sourceKey: nullable(text),
      },
      amount: { quantity: int },
      timing: { releaseMs: int, dueMs: int },
      priority: { weight: int },
      state: { status: oneOf('open', 'running', 'done', 'cancelled'), doneQuantity: int },
    },
    [['skuId'], ['sessionId'], ['sourceKey']],
  ),
  /** Another word for a SKU: the code that a platform's exports use. */
  register('skuAlias', 'base', { alias: { source: text, code: text, skuId: ref('sku') } }, [
    ['source', 'code'],
    ['skuId'],
  ]),
  fact(
    'stockMove',
    'base',
    { skuId: ref('sku'), quantity: int, reason: text, atMs: int, sourceKey: nullable(text) },
    { indexes: [['skuId', 'atMs']] },
  ),
  fact(
    'lineRun',
    'base',
    {
      lineId: ref('productionLine'),
      startMs: int,
      endMs: int,
      kind: oneOf('run', 'changeover', 'down'),
      skuId: nullable(ref('sku')),
      goodUnits: int,
      scrapUnits: int,
    },
    { indexes: [['lineId', 'startMs']] },
  ),
]

const broadcasting: Table[] = [
  register(
    'liveSession',
    'base',
    {
      identity: { title: text, merchantId: ref('merchant'), baseId: ref('liveBase') },
      channel: { platform: text, channel: oneOf('store', 'influencer') },
      wish: {
        earliestMs: int,
        latestMs: int,
        durationMin: int,
        studioIds: json,
        streamerIds: json,
        primeTime: bool,
      },
      schedule: {
        studioId: nullable(ref('studio')),
        streamerIdsPlanned: json,
        startMs: nullable(int),
        endMs: nullable(int),
      },
      promise: { shippingPromiseHours: int },
      state: {
        status: oneOf('wanted', 'planned', 'announced', 'live', 'ended', 'cancelled'),
        actualStartMs: nullable(int),
        actualEndMs: nullable(int),
      },
    },
    [['merchantId'], ['startMs'], ['baseId', 'startMs']],
  ),
  register(
    'sessionSku',
    'base',
    {
      item: { sessionId: ref('liveSession'), skuId: ref('sku'), position: int },
      forecast: { lowUnits: int, likelyUnits: int, highUnits: int },
      card: { cardId: nullable(ref('sellingPointCard')) },
    },
    [['sessionId'], ['skuId']],
  ),
  register(
    'sellingPointCard',
    'base',
    { body: { skuId: ref('sku'), claims: json, priceFen: int, script: text, promiseHours: nullable(int) } },
    [['skuId']],
  ),
  register(
    'merchantDocument',
    'base',
    {
      document: {
        merchantId: ref('merchant'),
        skuId: nullable(ref('sku')),
        kind: text,
        number: text,
        expiresMs: nullable(int),
        evidence: text,
      },
    },
    [['merchantId'], ['skuId']],
  ),
  fact(
    'contentReview',
    'base',
    {
      sessionId: ref('liveSession'),
      skuListHash: text,
      scriptHash: text,
      verdict: oneOf('passed', 'failed'),
      note: text,
      atMs: int,
    },
    { lane: 'urgent', indexes: [['sessionId']] },
  ),
  fact(
    'checklistMark',
    'base',
    { sessionId: ref('liveSession'), item: text, done: bool, note: text, atMs: int },
    { lane: 'urgent', indexes: [['sessionId']] },
  ),
  fact(
    'gateVerdict',
    'base',
    {
      merchantId: ref('merchant'),
      skuId: nullable(ref('sku')),
      sessionId: nullable(ref('liveSession')),
      gate: oneOf(
        'qualification',
        'factory-audit',
        'sample-test',
        'card-review',
        'production-follow-up',
        'complaint-handling',
      ),
      verdict: oneOf('passed', 'failed', 'waived'),
      evidence: text,
      atMs: int,
    },
    { indexes: [['merchantId'], ['skuId']] },
  ),
  fact(
    'ruleOverride',
    'base',
    { ruleId: text, subjectTable: text, subjectId: text, reason: text, atMs: int },
    { lane: 'urgent' },
  ),
  fact(
    'correction',
    'base',
    { sessionId: ref('liveSession'), said: text, corrected: text, atMs: int },
    { lane: 'urgent', indexes: [['sessionId']] },
  ),
  fact(
    'dropout',
    'base',
    {
      sessionId: ref('liveSession'),
      startMs: int,
      endMs: int,
      cause: oneOf('network', 'streamer', 'platform'),
    },
    { lane: 'urgent', indexes: [['sessionId']] },
  ),
  fact(
    'minuteMetric',
    'base',
    {
      sessionId: ref('liveSession'),
      minuteMs: int,
      viewers: int,
      views: int,
      orders: int,
      paidFen: int,
      comments: int,
    },
    { indexes: [['sessionId', 'minuteMs']] },
  ),
  fact(
    'danmaku',
    'base',
    {
      sessionId: ref('liveSession'),
      offsetMs: int,
      body: text,
      viewerHmac: nullable(text),
      tag: nullable(text),
    },
    { lane: 'bulk', indexes: [['sessionId', 'offsetMs']] },
  ),
  claim(
    'booking',
    'belt',
    {
      baseId: ref('liveBase'),
      sessionId: nullable(ref('liveSession')),
      merchantId: nullable(ref('merchant')),
      label: text,
      studioId: ref('studio'),
      streamerIds: json,
      kit: json,
      startMs: int,
      endMs: int,
      beforeMin: int,
      afterMin: int,
      expiresMs: nullable(int),
      /** The lease under which its holder confirmed it at once, with the units that it took for it; null for any other. */
      leaseId: nullable(ref('slotLease')),
      leaseUnits: json,
    },
    [['studioId', 'startMs'], ['sessionId'], ['leaseId']],
  ),
  /**
   * Asks for hours that one device of a base may give away by itself until `untilMs` by the hub's clock, also without a network.
   * Answered, held and ended as a booking is.
   */
  claim(
    'slotLease',
    'belt',
    {
      baseId: ref('liveBase'),
      /** Author name of the device. Under another name, after a copy or a restore, it may not use the lease. */
      holder: text,
      studioId: ref('studio'),
      streamerIds: json,
      kit: json,
      startMs: int,
      endMs: int,
      beforeMin: int,
      afterMin: int,
      untilMs: int,
    },
    [['studioId', 'startMs'], ['holder']],
  ),
]

const selling: Table[] = [
  fact(
    'orderLine',
    'base',
    {
      source: text,
      orderNo: text,
      subOrderNo: text,
      merchantId: nullable(ref('merchant')),
      skuId: nullable(ref('sku')),
      sessionId: nullable(ref('liveSession')),
      skuCode: text,
      productName: text,
      quantity: int,
      isGift: bool,
      orderedMs: int,
      paidMs: nullable(int),
      payableFen: int,
      paidFen: int,
      promisedMs: nullable(int),
      provinceName: text,
    },
    {
      lane: 'bulk',
      naturalKey: ['source', 'subOrderNo'],
      indexes: [['skuId', 'paidMs'], ['paidMs'], ['sessionId'], ['orderNo']],
    },
  ),
  fact(
    'orderState',
    'base',
    {
      orderLineId: ref('orderLine'),
      asOfMs: int,
      status: text,
      pickedUpMs: nullable(int),
      clickedShipMs: nullable(int),
      completedMs: nullable(int),
      afterSale: text,
      refundFen: int,
      cancelReason: text,
    },
    { lane: 'bulk', indexes: [['orderLineId', 'asOfMs']] },
  ),
  fact(
    'returnItem',
    'base',
    {
      orderLineId: ref('orderLine'),
      requestedMs: int,
      receivedMs: nullable(int),
      reason: text,
      isQuality: bool,
      refundFen: int,
      /** `<source>:<after-sale number>` where a platform told it. */
      sourceKey: nullable(text),
    },
    { naturalKey: ['sourceKey'], indexes: [['orderLineId']] },
  ),
  register(
    'complaint',
    'base',
    {
      opened: { merchantId: ref('merchant'), orderNo: text, reason: text, openedMs: int },
      progress: { answeredMs: nullable(int), closedMs: nullable(int), outcome: text },
    },
    [['merchantId']],
  ),
  register(
    'signal',
    'base',
    {
      body: {
        productId: ref('product'),
        sessionId: nullable(ref('liveSession')),
        topic: text,
        mentions: int,
        firstMs: int,
      },
      state: { status: oneOf('new', 'accepted', 'rejected') },
    },
    [['productId']],
  ),
  register(
    'revision',
    'base',
    {
      identity: {
        productId: ref('product'),
        signalId: nullable(ref('signal')),
        openedMs: int,
        clockHours: int,
      },
      progress: { answeredMs: nullable(int), sampleMs: nullable(int), onAirMs: nullable(int), outcome: text },
    },
    [['productId']],
  ),
  fact(
    'returnPoolEntry',
    'belt',
    { merchantId: ref('merchant'), amountFen: int, reason: text, atMs: int },
    { indexes: [['merchantId']] },
  ),
  fact(
    'dayAggregate',
    'belt',
    {
      baseId: ref('liveBase'),
      merchantId: nullable(ref('merchant')),
      dayKey: text,
      metric: text,
      value: real,
      version: int,
    },
    { indexes: [['dayKey', 'metric']] },
  ),
  fact(
    'importBatch',
    'base',
    {
      source: text,
      fileName: text,
      fileHash: text,
      asOfMs: int,
      rows: int,
      newRows: int,
      changedRows: int,
      unchangedRows: int,
      problemRows: int,
      atMs: int,
    },
    { naturalKey: ['fileHash'] },
  ),
]

const planning: Table[] = [
  fact(
    'planVersion',
    'belt',
    {
      planNo: int,
      basePlanId: nullable(ref('planVersion')),
      reason: text,
      problemHash: text,
      score: json,
      horizonFromMs: int,
      horizonToMs: int,
      items: json,
      late: json,
      /** Why it was made, as a message key and its figures; null when only a person's words say it. */
      cause: json,
      publishedMs: int,
      seed: int,
      /** The belt's present when it was read for this plan. */
      asOfMs: nullable(int),
      /** Ids of the plan events that were known then. */
      seen: json,
      /** Scopes whose work it places. */
      covers: json,
    },
    { lane: 'fact' },
  ),
  register('currentPlan', 'belt', { pointer: { planScope: text, planId: ref('planVersion') } }, [
    ['planScope'],
  ]),
  register(
    'pin',
    'base',
    {
      pin: {
        subjectTable: text,
        subjectId: text,
        taskKey: text,
        resourceId: nullable(text),
        startMs: nullable(int),
        strength: oneOf('hard', 'soft'),
        reason: text,
      },
    },
    [['subjectId']],
  ),
  fact(
    'planEvent',
    'base',
    {
      kind: oneOf(...PLAN_EVENT_KINDS),
      subjectTable: text,
      subjectId: text,
      fromMs: int,
      untilMs: nullable(int),
      details: json,
      atMs: int,
    },
    { lane: 'urgent' },
  ),
  /** A room or a person that cannot be used for a while; taken back by removing it. */
  register(
    'closure',
    'belt',
    {
      closure: {
        subjectTable: oneOf('studio', 'streamer'),
        subjectId: text,
        fromMs: int,
        untilMs: nullable(int),
        reason: text,
      },
    },
    [['subjectId']],
  ),
  register('planningPolicy', 'belt', {
    /** What happens when an event breaks the plan: only say so, or mend it where nothing is frozen. */
    replan: { replanMode: oneOf('suggest', 'apply'), autoMaxMoved: int, autoBroadcasts: bool },
    zone: { frozenMin: int },
    /** Null: as many days ahead as belts plan by default. */
    horizon: { horizonDays: nullable(int) },
    /** Null: tier by tier. Otherwise steps of importance by tier. */
    weights: { weights: json },
  }),
]

/** Decided by the belt's arbiter alone: written by a hub, or by the founding device while the belt has none. */
const arbitration: Table[] = [
  fact(
    'resourceGrant',
    'belt',
    {
      bookingId: ref('booking'),
      resourceKey: text,
      unit: int,
      startMs: int,
      endMs: int,
      fence: int,
      term: int,
      /** The lease out of which it was given. */
      leaseId: nullable(ref('slotLease')),
    },
    { lane: 'urgent', indexes: [['bookingId'], ['resourceKey', 'unit', 'startMs']] },
  ),
  fact(
    'claimAnswer',
    'belt',
    {
      bookingId: ref('booking'),
      outcome: oneOf('granted', 'refused', 'released', 'expired', 'revoked'),
      reason: text,
      alternatives: json,
      heldBy: nullable(ref('booking')),
      term: int,
      atMs: int,
    },
    { lane: 'urgent', indexes: [['bookingId']] },
  ),
  fact(
    'bookingRelease',
    'belt',
    { bookingId: ref('booking'), reason: text, atMs: int },
    { lane: 'urgent', indexes: [['bookingId']] },
  ),
  /** A refused booking goes on waiting for its place, or no longer does: the latest one counts. */
  fact(
    'claimWait',
    'belt',
    { bookingId: ref('booking'), waits: bool, atMs: int },
    { lane: 'urgent', indexes: [['bookingId']] },
  ),
  /** An administrator has refused for good what the hub had set aside; its author hears of it by this. */
  fact('stepRefusal', 'belt', { step: text, reason: text, atMs: int }, { lane: 'urgent' }),
]

export const TABLE_LIST: readonly Table[] = [
  ...belt,
  ...rooms,
  ...making,
  ...broadcasting,
  ...selling,
  ...planning,
  ...arbitration,
]

export const TABLES: ReadonlyMap<string, Table> = new Map(TABLE_LIST.map((table) => [table.name, table]))

/** The table of that name. @throws RangeError for a name outside the registry (a programmer error). */
export function tableNamed(name: string): Table {
  const table = TABLES.get(name)
  if (!table) throw new RangeError(`unknown table ${name}`)
  return table
}
