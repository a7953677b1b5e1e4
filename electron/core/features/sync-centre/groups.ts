import type { WaitingGroup } from '../../../../shared/contract/sync-centre.ts'
import { TABLE_LIST } from '../../../../shared/domain/tables.ts'

const CHECKS = new Set(['contentReview', 'checklistMark', 'ruleOverride', 'correction', 'gateVerdict'])

/** The plain-words group of each table, by its lane and what it is about. */
export const GROUP_OF: ReadonlyMap<string, WaitingGroup> = new Map(
  TABLE_LIST.map((table): [string, WaitingGroup] => {
    if (CHECKS.has(table.name)) return [table.name, 'checks']
    if (table.kind === 'claim' || table.name === 'bookingRelease' || table.name === 'claimWait')
      return [table.name, 'slots']
    if (table.lane === 'bulk') return [table.name, 'bulk']
    return [table.name, table.kind === 'register' ? 'edits' : 'records']
  }),
)

export const groupOf = (table: string): WaitingGroup => GROUP_OF.get(table) ?? 'records'
export const tablesOf = (group: WaitingGroup): string[] =>
  [...GROUP_OF].filter(([, its]) => its === group).map(([table]) => table)
