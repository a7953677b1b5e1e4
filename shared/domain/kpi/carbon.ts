/** Activity behind shipped orders of a period. */
export interface CarbonActivity {
  readonly studioKwh: number
  readonly lineKwh: number
  readonly packagingKg: number
  /** Σ shipped tonnes × km, out and back apart. */
  readonly outboundTkm: number
  readonly returnTkm: number
  readonly shippedOrders: number
}

/** kgCO2e per kWh, per kg of packaging and per tonne-kilometre; each is a row with a year and a source. */
export interface CarbonFactors {
  readonly gridPerKwh: number
  readonly packagingPerKg: number
  readonly transportPerTkm: number
}

/** Kilograms of CO2e by part, and per shipped order (null when nothing was shipped). */
export function carbonPerOrder(activity: CarbonActivity, factors: CarbonFactors) {
  const parts = {
    studioKg: activity.studioKwh * factors.gridPerKwh,
    lineKg: activity.lineKwh * factors.gridPerKwh,
    packagingKg: activity.packagingKg * factors.packagingPerKg,
    outboundKg: activity.outboundTkm * factors.transportPerTkm,
    returnKg: activity.returnTkm * factors.transportPerTkm,
  }
  const totalKg = Object.values(parts).reduce((sum, kg) => sum + kg, 0)
  return {
    ...parts,
    totalKg,
    perOrderKg: activity.shippedOrders === 0 ? null : totalKg / activity.shippedOrders,
  }
}
