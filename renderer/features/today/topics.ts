/** Tables whose changes alter what Today says. */
export const TODAY_TOPICS = [
  'plan',
  'currentPlan',
  'proposal',
  'liveSession',
  'booking',
  'grant',
  'contentReview',
  'checklistMark',
  'gateVerdict',
  'productionOrder',
  'orderLine',
  'orderState',
  'dropout',
  'merchantDocument',
  'ruleOverride',
  'sync',
]
