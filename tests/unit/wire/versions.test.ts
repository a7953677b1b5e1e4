import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Op, Stamp } from '../../../shared/ops/types.ts'
import {
  BATCH_VERSION,
  decodeBatch,
  decodeCanonicalBatch,
  encodeBatch,
  encodeCanonicalBatch,
  versionFor,
} from '../../../shared/wire/batch.ts'

/** What a version of the program wrote, recorded when it was current. */
interface Recorded {
  ops: Op[]
  stamps: Stamp[]
  links: { author: string; stream: number; previousSeq: number; head: string }[]
  pushed: string
  returned: string
  hubEpoch: number
  canonical: string
  hubSeqs: number[]
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
const VERSIONS = [1, 2] as const

describe.each(VERSIONS)('batches as version %i wrote them', (version) => {
  const path = new URL(`../../fixtures/wire/batch-v${version}.json`, import.meta.url)
  const recorded = JSON.parse(readFileSync(path, 'utf8')) as Recorded
  const { ops, stamps, hubEpoch, hubSeqs } = recorded
  const links = recorded.links.map((link) => ({ ...link, head: bytesOf(link.head) }))
  const canonical = ops.map((op, index) => ({
    ...op,
    hubEpoch,
    hubSeq: hubSeqs[index]!,
    stamp: stamps[index]!,
  }))

  it('are read', () => {
    expect(bytesOf(recorded.pushed)[0]).toBe(version)
    expect(decodeBatch(bytesOf(recorded.pushed))).toEqual({ ops, links, stamps: null })
    expect(decodeBatch(bytesOf(recorded.returned))).toEqual({ ops, links, stamps })
    expect(decodeCanonicalBatch(bytesOf(recorded.canonical))).toEqual({ hubEpoch, ops: canonical })
  })

  it.runIf(version < BATCH_VERSION)('are written the same for a peer of that version', () => {
    expect(encodeBatch({ ops, links, stamps: null }, version)).toEqual(bytesOf(recorded.pushed))
    expect(encodeBatch({ ops, links, stamps }, version)).toEqual(bytesOf(recorded.returned))
    expect(encodeCanonicalBatch({ hubEpoch, ops: canonical }, version)).toEqual(bytesOf(recorded.canonical))
  })
})

describe('the version for a peer', () => {
  it('is the newest that both know; the first where the peer does not say', () => {
    expect(versionFor(undefined)).toBe(1)
    expect(versionFor(1)).toBe(1)
    expect(versionFor(BATCH_VERSION)).toBe(BATCH_VERSION)
    expect(versionFor(BATCH_VERSION + 7)).toBe(BATCH_VERSION)
  })
})
