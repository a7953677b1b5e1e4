import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { withSingerPinedoDates } from './formats.ts'
import { addSetups } from './generate-setups.ts'
import { findKnown, listFiles, readBestKnown, readShop, type Case, type DataFile } from './instances.ts'

const hardJobShops = new Set(
  'ft10 la19 la21 la24 la25 la27 la29 la36 la37 la38 la39 la40 abz7 abz8 abz9 ta01 ta11 ta21 ta31 ta41 swv06 yn1'.split(
    ' ',
  ),
)
const isJobShop = (file: DataFile): boolean => !/fjsp|hurink|[erv]data/i.test(file.relative)
const within = (file: DataFile, word: string): boolean => file.relative.toLowerCase().includes(word)

/** Which files belong to a makespan set. */
const fileSets: Record<string, (file: DataFile) => boolean> = {
  mk: (file) => /^mk(0\d|10)$/.test(file.name),
  mk15: (file) => /^mk\d+$/.test(file.name),
  dauzere: (file) => within(file, 'dauzere') || /^\d\da$/.test(file.name),
  barnes: (file) => within(file, 'barnes') || /^(mt10|setb4|seti5)[a-z]/.test(file.name),
  'hurink-edata': (file) => within(file, 'edata'),
  'hurink-rdata': (file) => within(file, 'rdata'),
  'hurink-vdata': (file) => within(file, 'vdata'),
  jsp22: (file) => isJobShop(file) && hardJobShops.has(file.name),
  ta: (file) => isJobShop(file) && /^ta\d+$/.test(file.name),
  jsp: (file) => isJobShop(file) && /^(abz|ft|la|orb|swv|yn|ta|dmu)\d+$/.test(file.name),
  all: () => true,
}

export const setNames = [...Object.keys(fileSets), 'twt', 'setup', 'belt', 'repair', 'quick']

/** What `quick` takes from each set. */
const quickCases: Record<string, RegExp> = {
  mk: /^(brandimarte\/)?mk(04|06|07|10)$/,
  dauzere: /^(dauzere\/)?0[158]a$/,
  barnes: /^(barnes\/)?(mt10c1|setb4c9)$/,
  'hurink-edata': /^(edata\/)?la(16|19)$/,
  'hurink-rdata': /^(rdata\/)?la(06|18)$/,
  'hurink-vdata': /^(vdata\/)?la(03|07)$/,
  jsp22: /^(ft10|la38|abz8|ta11|ta21)$/,
  twt: /^(la17|orb07) f=1\.3$/,
  setup: /^(fattahi_setup_0[89]|(brandimarte\/)?mk05-setup|la02-setup)$/,
}

/** The cases of `quick`, set by set; of a folder that holds others, the first of each set. */
export function loadQuick(root: string): [set: string, cases: Case[]][] {
  return Object.entries(quickCases).map(([set, wanted]) => {
    const all = loadSet(set, root)
    const known = all.filter((item) => wanted.test(item.name))
    return [set, known.length > 0 ? known : all.slice(0, 1)]
  })
}

/** The cases of a set; files of other kinds in the folder are left alone, unreadable ones are named. */
export function loadSet(set: string, root: string): Case[] {
  const files = listFiles(root)
  if (set === 'twt') return loadTardiness(files, root)
  if (set === 'setup') return loadSetups(files)
  const wanted = fileSets[set]
  if (!wanted) throw new RangeError(`unknown set ${set}; known: ${setNames.join(' ')}`)
  const chosen = files.filter(wanted)
  return toCases(chosen.length > 0 ? chosen : files, root)
}

const shortName = (file: DataFile): string =>
  file.relative.toLowerCase().split('/').slice(-2).join('/').replace('.txt', '')

function toCases(files: DataFile[], root: string): Case[] {
  const known = readBestKnown(root)
  const cases: Case[] = []
  for (const file of files) {
    const shop = readShop(file.file)
    if (!shop) continue
    const row = findKnown(known, file, shop)
    const name = isJobShop(file) ? file.name : shortName(file)
    cases.push({ name, shop, objective: 'makespan', known: row?.upper, knownLower: row?.lower })
  }
  return cases
}

interface TardinessTable {
  values: { f: number; instance: string; bk: number }[]
}

function loadTardiness(files: DataFile[], root: string): Case[] {
  let folder = root
  let table: TardinessTable | undefined
  for (let level = 0; level < 4 && !table; level++) {
    for (const inner of ['', 'jsp-weighted-tardiness', 'scheduling/jsp-weighted-tardiness']) {
      const file = path.join(folder, inner, 'singer-pinedo.json')
      if (existsSync(file)) table = JSON.parse(readFileSync(file, 'utf8')) as TardinessTable
    }
    folder = path.dirname(folder)
  }
  const cases: Case[] = []
  // Without a table every job shop of the folder gets the rule's dates, compared with nothing but the bound.
  const values: { f: number; instance: string; bk?: number }[] =
    table?.values ??
    files.filter(isJobShop).flatMap(({ name }) => [1.3, 1.5, 1.6].map((f) => ({ f, instance: name })))
  for (const { f, instance, bk } of values) {
    const file = files.find((one) => one.name === instance && isJobShop(one))
    const shop = file && readShop(file.file)
    if (!shop) continue
    const dated = withSingerPinedoDates(shop, f, 10)
    cases.push({
      name: `${instance} f=${f}`,
      shop: dated,
      objective: 'weighted-tardiness',
      known: bk,
      knownLower: 0,
      tags: [`f=${f}`],
    })
  }
  return cases
}

/** Files that come with set-ups as they are, and mk and la with generated ones; without any of these, all there are with generated ones. */
function loadSetups(files: DataFile[]): Case[] {
  const cases: Case[] = []
  const others: Case[] = []
  for (const file of files) {
    const shop = readShop(file.file)
    if (!shop) continue
    if (shop.setups) {
      cases.push({ name: file.name, shop, objective: 'makespan', tags: ['fattahi'] })
      continue
    }
    const isSource =
      fileSets.mk15!(file) || (/^la\d+$/.test(file.name) && (isJobShop(file) || within(file, 'edata')))
    const name = `${isJobShop(file) ? file.name : shortName(file)}-setup`
    const made: Case = { name, shop: addSetups(shop, name), objective: 'makespan', tags: ['generated'] }
    ;(isSource ? cases : others).push(made)
  }
  return cases.length > 0 ? cases : others
}
