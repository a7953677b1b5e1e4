import { z } from 'zod'
import { ROLES } from '../contract/define.ts'

/** Version of the requests; raised only when an older peer could not understand them. */
export const WIRE_VERSION = 1

const author = z.string().regex(/^[0-9a-hjkmnp-tv-z]{8}$/)
const key = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const signature = z.string().regex(/^[A-Za-z0-9_-]{86}$/)
/** Hexadecimal. */
const chainHash = z.string().regex(/^[0-9a-f]{64}$/)
const beltId = z.string().min(1).max(80)
const count = z.number().int().nonnegative()
const scope = z.union([z.literal('belt'), z.templateLiteral(['base:', z.string().min(1).max(64)])])

/** Signed by the belt's root key: this hub is the arbiter from now on. */
export const handoverSchema = z.object({
  belt: beltId,
  rootKey: key,
  hubKey: key,
  term: z.number().int().min(2),
  nextFence: z.number().int().positive(),
  founder: author,
  /** Streams of the founding device and how far they go at the handover. */
  arbiterUpTo: z.record(z.string().regex(/^\d{1,4}$/), count),
})
export type Handover = z.output<typeof handoverSchema>

export const enrolRequestSchema = z.object({
  /** 128 bits, hexadecimal. */
  secret: z.string().regex(/^[0-9a-f]{32}$/),
  publicKey: key,
  name: z.string().min(1).max(80),
  /** The device key's signature over `enrolText`: proof that it is in hand. */
  proof: signature,
  handover: z.object({ statement: handoverSchema, signature }).nullable(),
})
export type EnrolRequest = z.output<typeof enrolRequestSchema>

export const certificateSchema = z.object({
  belt: beltId,
  author,
  publicKey: key,
  role: z.enum(ROLES),
  baseId: z.string().nullable(),
  notBeforeMs: z.number().int(),
  notAfterMs: z.number().int(),
})
export type Certificate = z.output<typeof certificateSchema>

export const enrolAnswerSchema = z.object({
  belt: beltId,
  hubKey: key,
  hubEpoch: count,
  term: count,
  certificate: certificateSchema,
  certificateSignature: signature,
})
export type EnrolAnswer = z.output<typeof enrolAnswerSchema>

/** A device that a restored hub has forgotten shows what that hub once signed. */
export const readmitRequestSchema = z.object({
  certificate: certificateSchema,
  certificateSignature: signature,
})

/** A device takes a new identity: signed by the old key, proven by the new one. */
export const renewRequestSchema = z.object({ publicKey: key, proof: signature })

const stamp = z.tuple([z.number().int(), count])

/** Ops of one stream, next to each other in the batch, that met the same fate at consecutive hub sequences. */
export const runSchema = z.object({
  from: count,
  n: z.number().int().positive(),
  verdict: z.enum(['applied', 'duplicate', 'rejected', 'quarantined']),
  hub: count,
  reason: z.string().max(200).optional(),
  /** Canonical stamps where they are not the authors' clocks: one for all, or one each. */
  stamps: z.array(stamp).optional(),
})
export type Run = z.output<typeof runSchema>

export const pushAnswerSchema = z.object({
  hubEpoch: count,
  hubTimeMs: z.number().int(),
  backupWatermark: count,
  streams: z.array(
    z.object({
      author,
      stream: count,
      /** The hub's last seq of this stream. */
      have: count,
      /** The batch starts after what the hub has: send from `have` on. */
      gap: z.boolean().optional(),
      /** What was sent lies before the start of the hub's log: a snapshot tells what became of it. */
      cut: z.boolean().optional(),
      /** The last that was cut off, with its chain hash (hexadecimal); older hubs do not say. */
      cutAt: z.object({ seq: count, head: chainHash }).optional(),
      /** First seq at which this device tells another story than the hub has. */
      forkAt: count.optional(),
      /**
       * Chain hash (hexadecimal) of the last op that was sent: told in files, where a copy of the device may read what the
       * other one is answered.
       */
      sent: chainHash.optional(),
      runs: z.array(runSchema),
    }),
  ),
})
export type PushAnswer = z.output<typeof pushAnswerSchema>

export const pullRequestSchema = z.object({
  cursors: z
    .array(z.object({ scope, epoch: count, seq: count }))
    .min(1)
    .max(64),
  maxBytes: z.number().int().min(256).max(8_000_000),
  /** Codings this device reads. */
  accepts: z.array(z.string().max(16)).max(8),
  /** The newest batch version this device reads. */
  batchVersion: count.default(1),
  /** Asks for the same answer again, as one given at `timeMs` that went up to `through`. */
  again: z.object({ through: count, timeMs: z.number().int() }).optional(),
  /** Include this device's own ops: after its store was lost or restored. */
  own: z.boolean().default(false),
  /** Nothing of this device is missing at the hub in this epoch. */
  refilled: z.boolean().default(false),
})
export type PullRequest = z.input<typeof pullRequestSchema>

/** The hub's word for one of its own streams: with it, devices can give back what a restored hub has forgotten saying. */
export const hubHeadSchema = z.object({
  author,
  stream: count,
  seq: count,
  head: chainHash,
  signature,
})
export type HubHead = z.output<typeof hubHeadSchema>

export const pullHeadSchema = z.object({
  hubEpoch: count,
  hubTimeMs: z.number().int(),
  /** The last op that was there when this was answered. */
  lastSeq: count.optional(),
  backupWatermark: count,
  scopes: z.array(
    z.object({
      scope,
      /** Everything up to here is in this answer or came before. */
      through: count,
      more: z.boolean(),
      /** Length of the envelope that follows, 0 for none. */
      bytes: count,
      /** The log does not reach back to the cursor, or never had it: begin again from a snapshot. */
      resync: z.boolean().optional(),
    }),
  ),
  hubHeads: z.array(hubHeadSchema).optional(),
})
export type PullHead = z.output<typeof pullHeadSchema>

/** In front of a batch of the hub's own ops that goes back to it. */
export const returnHeadSchema = z.object({ heads: z.array(hubHeadSchema).min(1).max(64) })

export const hubHeadText = (belt: string, head: Omit<HubHead, 'signature'>): string =>
  `chanbo hub head 1\n${belt}\n${head.author}\n${head.stream}\n${head.seq}\n${head.head}`

export const statusRequestSchema = z.object({
  /** Own streams of which something was sent without an answer, and the last seq that was answered. */
  streams: z
    .array(z.object({ stream: count, after: count }))
    .max(256)
    .default([]),
  /** SHA-256, base64url, of bodies whose sending was cut short. */
  uploads: z.array(key).max(8).default([]),
})
export type StatusRequest = z.input<typeof statusRequestSchema>

/** How far the hub is with the caller's own streams. */
export const statusAnswerSchema = z.object({
  hubEpoch: count,
  hubTimeMs: z.number().int(),
  term: count,
  backupWatermark: count,
  recovering: z.boolean(),
  certificate: certificateSchema,
  streams: z.array(
    z.object({
      author,
      stream: count,
      seq: count,
      /** Chain hash at `seq`, hexadecimal, and what became of the ops asked about. */
      head: chainHash.optional(),
      runs: z.array(runSchema).optional(),
    }),
  ),
  /** Bytes that are here of each upload asked about. */
  uploads: z.array(count).optional(),
  /** Codings and the newest batch version that the hub reads; older hubs do not say. */
  accepts: z.array(z.string().max(16)).max(8).optional(),
  batchVersion: count.optional(),
  /** The hub's own streams, of all epochs. */
  hubStreams: z.array(z.object({ author, stream: count, seq: count })),
})
export type StatusAnswer = z.output<typeof statusAnswerSchema>

export const HUB_ERROR_CODES = [
  'bad-request',
  'bad-batch',
  'not-enrolled',
  'bad-signature',
  'stale-counter',
  'revoked',
  'expired',
  'epoch',
  'code-wrong',
  'code-expired',
  'belt-exists',
  'not-found',
  'too-large',
  'offset',
  'damaged',
  'too-many',
  'busy',
  'internal',
] as const
export const hubErrorSchema = z.object({
  code: z.enum(HUB_ERROR_CODES),
  /** For `epoch`: the hub's. For `stale-counter`: the least counter it takes. For `offset`: how many bytes it has. */
  number: count.optional(),
})
export type HubErrorCode = (typeof HUB_ERROR_CODES)[number]
export type HubError = z.output<typeof hubErrorSchema>

/** The whole body's SHA-256 (base64url), its size and where this part of it begins. */
export const PART_HEADER = 'x-chanbo-part'
/** In a request: hash and length of what is here of an earlier answer. In an answer: its hash; and where the body begins. */
export const HAVE_HEADER = 'x-chanbo-have'
export const FROM_HEADER = 'x-chanbo-from'
const PART = /^([A-Za-z0-9_-]{43})\.(\d{1,9})\.(\d{1,9})$/

export const partText = (id: string, size: number, from: number): string => `${id}.${size}.${from}`

/** Null for text that is no part. */
export function parsePart(text: string): { id: string; size: number; from: number } | null {
  const match = PART.exec(text)
  if (!match) return null
  const part = { id: match[1]!, size: Number(match[2]), from: Number(match[3]) }
  return part.from < part.size ? part : null
}

/** What a device signs for one request; `bodyHash` is SHA-256 in hexadecimal. */
export function requestText(request: {
  belt: string
  epoch: number
  path: string
  bodyHash: string
  author: string
  counter: number
}): string {
  const { belt, epoch, path, bodyHash, author: name, counter } = request
  return `chanbo request 1\n${belt}\n${epoch}\n${path}\n${bodyHash}\n${name}\n${counter}`
}

/** What the hub signs for one answer, bound to the request it answers. */
export function answerText(answer: {
  belt: string
  author: string
  counter: number
  status: number
  bodyHash: string
}): string {
  return `chanbo answer 1\n${answer.belt}\n${answer.author}\n${answer.counter}\n${answer.status}\n${answer.bodyHash}`
}

export const enrolText = (secretHash: string, publicKey: string, hubKey: string): string =>
  `chanbo enrol 1\n${secretHash}\n${publicKey}\n${hubKey}`

export const renewText = (belt: string, oldAuthor: string, publicKey: string): string =>
  `chanbo renew 1\n${belt}\n${oldAuthor}\n${publicKey}`

export function handoverText(handover: Handover): string {
  const streams = Object.entries(handover.arbiterUpTo)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([stream, seq]) => `${stream}:${seq}`)
  const { belt, rootKey, hubKey, term, nextFence, founder } = handover
  return `chanbo handover 1\n${belt}\n${rootKey}\n${hubKey}\n${term}\n${nextFence}\n${founder}\n${streams.join(',')}`
}

export function certificateText(certificate: Certificate): string {
  const { belt, author: name, publicKey, role, baseId, notBeforeMs, notAfterMs } = certificate
  return `chanbo certificate 1\n${belt}\n${name}\n${publicKey}\n${role}\n${baseId ?? ''}\n${notBeforeMs}\n${notAfterMs}`
}
