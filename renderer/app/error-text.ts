import { useI18n } from 'vue-i18n'
import type { AppError } from '../../shared/contract/result.ts'

/** The sentence for an error in the current language: the fact, what still works, the next step. */
export function useErrorText() {
  const i18n = useI18n()
  const { t } = i18n
  // i18n-dynamic: error.* plan.invalid.* plan.field.*
  function invalidPlan({ problem, field, ...details }: AppError['details']): string {
    const key = `plan.invalid.${String(problem)}`
    const name = `plan.field.${String(field)}`
    return t(i18n.te(key) ? key : 'plan.invalid.other', {
      ...details,
      problem: String(problem),
      field: i18n.te(name) ? t(name) : String(field ?? ''),
    })
  }
  return (error: AppError): string =>
    error.code === 'plan-invalid' && error.details['problem'] !== undefined
      ? invalidPlan(error.details)
      : t(`error.${error.code}`, { ...error.details })
}
