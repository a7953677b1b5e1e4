import { useI18n } from 'vue-i18n'
import type { AppError } from '../../shared/contract/result.ts'

/** The sentence for an error in the current language: the fact, what still works, the next step. */
export function useErrorText() {
  const { t } = useI18n()
  // i18n-dynamic: error.*
  return (error: AppError): string => t(`error.${error.code}`, { ...error.details })
}
