import { Refusal } from '../../../../shared/contract/result.ts'
import type { dashboardContract } from '../../../../shared/contract/dashboard.ts'
import { KPI_LIST } from '../../../../shared/domain/kpi/definitions.ts'
import { addDays, daysBetween } from '../../../../shared/domain/time.ts'
import type { QueryHandlers } from '../../context.ts'
import { beltOverview } from './overview.ts'
import { rowsBehind } from './rows.ts'

const MOST_DAYS = 400

function refuseBadPeriod(fromDay: string, toDay: string): void {
  const days = daysBetween(fromDay, toDay) + 1
  if (days < 1 || days > MOST_DAYS)
    throw new Refusal('bad-input', { field: 'toDay', problem: days < 1 ? 'before-start' : 'too-long' })
}

export const dashboardQueries: QueryHandlers<typeof dashboardContract> = {
  'dashboard/overview': ({ fromDay, toDay, compareFromDay, baseId }, ctx) => {
    refuseBadPeriod(fromDay, toDay)
    return beltOverview(
      ctx,
      { fromDay, toDay, baseId },
      compareFromDay ?? addDays(fromDay, -(daysBetween(fromDay, toDay) + 1)),
    )
  },
  'dashboard/rows': (input, ctx) => {
    refuseBadPeriod(input.fromDay, input.toDay)
    return rowsBehind(ctx, input)
  },
  'dashboard/definitions': () => KPI_LIST,
}
