/** Row ids that a compiler keeps apart; at run time they are plain text. */
declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

export type BaseId = Id<'liveBase'>
export type MerchantId = Id<'merchant'>
export type SessionId = Id<'liveSession'>
export type SkuId = Id<'sku'>
export type StudioId = Id<'studio'>
export type StreamerId = Id<'streamer'>
export type LineId = Id<'productionLine'>
