import { z } from 'zod'
import { hubHeadSchema } from './messages.ts'

const count = z.number().int().nonnegative()
const author = z.string().regex(/^[0-9a-hjkmnp-tv-z]{8}$/)
const hash = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const scope = z.union([z.literal('belt'), z.templateLiteral(['base:', z.string().min(1).max(64)])])

/** Version of manifests and of what their chunks hold: sealed canonical batches. */
export const SNAPSHOT_VERSION = 1

/** A chunk by the SHA-256 of its sealed bytes (base64url), with its length and its number of ops. */
export const chunkSchema = z.tuple([hash, count, count])
export type ChunkRef = z.output<typeof chunkSchema>

/** How far a stream had come: author, stream, last seq, chain head (base64url). */
export const streamHeadSchema = z.tuple([author, count, count, hash])

/**
 * Everything of one scope that still counts up to `seq`: registers with the stamps of their standing field groups and their
 * tombstones, facts, claims with their grants and fences, and ops of newer versions as they are.
 */
export const manifestSchema = z.object({
  version: z.number().int(),
  belt: z.string().min(1).max(80),
  scope,
  epoch: count,
  seq: count,
  /** The first chunks hold what a base needs for today. */
  usable: count,
  chunks: z.array(chunkSchema).max(20_000),
  streams: z.array(streamHeadSchema).max(20_000),
  signature: z.string().regex(/^[A-Za-z0-9_-]{86}$/),
})
export type Manifest = z.output<typeof manifestSchema>

export const snapshotRequestSchema = z.object({
  scope,
  /** Codings this device reads. */
  accepts: z.array(z.string().max(16)).max(8),
  /** The log is no longer enough: a snapshot however small. */
  resync: z.boolean().default(false),
})
export type SnapshotRequest = z.input<typeof snapshotRequestSchema>

export const snapshotAnswerSchema = z.object({
  /** Null: read the log from its start, or ask again when one is being made. */
  manifest: manifestSchema.nullable(),
  making: z.boolean(),
  /** The caller's own ops that were not accepted, so that none of them is taken for settled. */
  held: z.array(
    z.object({
      author,
      stream: count,
      seq: count,
      hub: count,
      verdict: z.enum(['rejected', 'quarantined']),
      reason: z.string(),
      stamp: z.tuple([z.number().int(), count]),
      /** Its chain hash (base64url): a copy of the device may have said something else under that name. */
      hash: hash.optional(),
    }),
  ),
  hubHeads: z.array(hubHeadSchema),
})
export type SnapshotAnswer = z.output<typeof snapshotAnswerSchema>

/** Bytes of the named chunks one after another, from `offset` of the first one on; an answer may end early. */
export const chunksRequestSchema = z.object({
  scope,
  seq: count,
  /** Signature of the manifest that `chunks` are places in: another may be made of that seq, on another day or by a restored hub. */
  manifest: z.string().max(86).optional(),
  chunks: z.array(count).min(1).max(4096),
  offset: count,
  maxBytes: z.number().int().min(256).max(8_000_000),
  accepts: z.array(z.string().max(16)).max(8),
})
export type ChunksRequest = z.output<typeof chunksRequestSchema>

/** What the hub signs: who, what, how far, and every chunk in its order. */
export function manifestText(manifest: Omit<Manifest, 'signature'>): string {
  const { version, belt, scope: of, epoch, seq, usable, chunks, streams } = manifest
  const lines = [
    ...chunks.map((chunk) => `chunk ${chunk.join(' ')}`),
    ...streams.map((head) => `stream ${head.join(' ')}`),
  ]
  return `chanbo snapshot ${version}\n${belt}\n${of}\n${epoch}\n${seq}\n${usable}\n${lines.join('\n')}`
}
