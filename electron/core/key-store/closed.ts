/** The operating system's store of secrets cannot be used now. */
export class StoreClosed extends Error {
  /** `locked`: it is there and a later try may work. `missing`: there is none here. */
  readonly reason: 'locked' | 'missing'

  constructor(reason: StoreClosed['reason'], message: string) {
    super(message)
    this.name = 'StoreClosed'
    this.reason = reason
  }
}
