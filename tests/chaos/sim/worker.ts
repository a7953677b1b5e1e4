import { parentPort, workerData } from 'node:worker_threads'
import { playSeed } from './run.ts'
import { makeTemplate } from './template.ts'

/** Plays every `stride`-th seed of a range and tells how each went. */
const { from, to, stride } = workerData as { from: number; to: number; stride: number }
const template = await makeTemplate()
for (let seed = from; seed <= to; seed += stride) parentPort!.postMessage(await playSeed(seed, template))
