import { readdirSync, readFileSync, statSync, existsSync } from 'node:fs'
import path from 'node:path'
import type { ShopInstance, ShopObjective } from '../../../shared/scheduler/shop/index.ts'
import { FormatError, parseShop } from './formats.ts'

/** One case of a set: an instance, what to minimise and what is known about it. */
export interface Case {
  name: string
  shop: ShopInstance
  objective: ShopObjective
  /** Best-known value, when there is one. */
  known?: number
  knownLower?: number
  tags?: string[]
}

export interface DataFile {
  file: string
  relative: string
  /** Name without folder and extension, in lower case. */
  name: string
}

/** Every file below a folder, in a stable order. */
export function listFiles(root: string): DataFile[] {
  const files: DataFile[] = []
  const visit = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true }).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const file = path.join(folder, entry.name)
      if (entry.isDirectory()) visit(file)
      else if (!/\.(tsv|csv|json|md|xml)$/i.test(entry.name)) {
        const relative = path.relative(root, file)
        files.push({ file, relative: `${path.basename(root)}/${relative}`, name: stem(entry.name) })
      }
    }
  }
  if (statSync(root).isDirectory()) visit(root)
  return files
}

function stem(name: string): string {
  return name.replace(/\.[a-z]+$/i, '').toLowerCase()
}

/** Reads an instance; null, with a line on stderr, if the file is in none of the formats. */
export function readShop(file: string): ShopInstance | null {
  try {
    return parseShop(readFileSync(file, 'utf8'))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    console.error(`skipped ${file}: ${error.message}`)
    return null
  }
}

interface Known {
  words: Set<string>
  name: string
  jobs: number
  machines: number
  lower: number
  upper: number
}

const wordsOf = (text: string): Set<string> => new Set(text.toLowerCase().split(/[^a-z0-9]+/))

/** Finds `best-known.tsv` in the folder or up to three levels above it. */
export function readBestKnown(root: string): Known[] {
  let folder = root
  for (let level = 0; level < 4; level++) {
    for (const file of [
      path.join(folder, 'best-known.tsv'),
      path.join(folder, 'scheduling', 'best-known.tsv'),
    ]) {
      if (!existsSync(file)) continue
      return readFileSync(file, 'utf8')
        .trim()
        .split(/\r?\n/)
        .slice(1)
        .map((line) => line.split('\t'))
        .map((cell) => ({
          words: wordsOf(cell[0]!),
          name: stem(path.posix.basename(cell[0]!)),
          jobs: Number(cell[2]),
          machines: Number(cell[3]),
          lower: Number(cell[4]),
          upper: Number(cell[5]),
        }))
    }
    folder = path.dirname(folder)
  }
  return []
}

/** The row of the same name and number of jobs whose path shares most words with the file's. */
export function findKnown(known: Known[], file: DataFile, shop: ShopInstance): Known | undefined {
  const words = wordsOf(file.relative)
  let best: Known | undefined
  let bestShared = -1
  for (const row of known) {
    if (row.name !== file.name || row.jobs !== shop.jobs.length) continue
    let shared = row.machines === shop.machines ? 1 : 0
    for (const word of row.words) if (words.has(word)) shared++
    if (shared > bestShared) {
      best = row
      bestShared = shared
    }
  }
  return best
}
