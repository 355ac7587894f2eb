import type { Report } from '../core/cause.ts'
import { limits } from '../core/limits.ts'
import { type Tracing, untraced } from './tracing.ts'

/** OpenTelemetry is loaded only where traces go somewhere. */
export async function openTracing(endpoint: string | undefined, report: Report): Promise<Tracing> {
  return endpoint === undefined ? untraced : (await import('./otlp.ts')).otlp(report, limits.traceFlushMs)
}
