import type { HubErrorCode } from '../../shared/wire/messages.ts'

const STATUS: Record<HubErrorCode, number> = {
  'bad-request': 400,
  'bad-batch': 400,
  'not-enrolled': 401,
  'bad-signature': 401,
  'stale-counter': 409,
  revoked: 403,
  expired: 403,
  epoch: 409,
  'code-wrong': 403,
  'code-expired': 403,
  'belt-exists': 409,
  'not-found': 404,
  'too-large': 413,
  offset: 409,
  damaged: 400,
  'too-many': 429,
  busy: 503,
  internal: 500,
}

/** A refusal that the device is told in one word. */
export class HubRefusal extends Error {
  override readonly name = 'HubRefusal'
  readonly code: HubErrorCode
  readonly number: number | undefined

  constructor(code: HubErrorCode, number?: number) {
    super(code)
    this.code = code
    this.number = number
  }

  get status(): number {
    return STATUS[this.code]
  }
}
