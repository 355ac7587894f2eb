import { setTimeout as sleep } from 'node:timers/promises'
import { context, type Span as OtelSpan, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { parseTraceParent, setGlobalErrorHandler } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace'
import type { Report } from '../core/cause.ts'
import { Fault } from '../core/fault.ts'
import { versions } from '../examine/versions.ts'
import type { Span, Tracing } from './tracing.ts'

/**
 * Traces by OTLP over HTTP (JSON). Where to, with which headers and as which service, the exporter reads from the usual
 * variables (OTEL_EXPORTER_OTLP_…, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES). What cannot be sent is dropped.
 */
export function otlp(report: Report, flushMs: number): Tracing {
  const failed = (cause: unknown) => report(new Fault('traces.not-sent', { status: 503, cause }))
  setGlobalErrorHandler(failed)
  const { meshproof = '' } = versions()
  const own = resourceFromAttributes({ 'service.name': 'meshproof', 'service.version': meshproof })
  const provider = new TracerProvider({
    resource: own.merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter() })],
  })
  const tracer = provider.getTracer('meshproof', meshproof)
  const kinds = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER }
  return {
    begin(name, kind, parent, attributes) {
      const from = parent === undefined ? null : parseTraceParent(parent)
      const around =
        from === null ? context.active() : trace.setSpanContext(context.active(), { ...from, isRemote: true })
      return spanOf(tracer.startSpan(name, { kind: kinds[kind], attributes }, around))
    },
    // A collector that is away keeps nobody from ending.
    close: async () => {
      const stop = new AbortController()
      const late = sleep(flushMs, undefined, { signal: stop.signal }).catch(() => {})
      await Promise.race([provider.shutdown().catch(failed), late])
      stop.abort()
    },
  }

  function spanOf(span: OtelSpan): Span {
    const { traceId, spanId, traceFlags } = span.spanContext()
    return {
      traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
      child: (name, attributes = {}) =>
        spanOf(tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, trace.setSpan(context.active(), span))),
      end(attributes = {}, failed) {
        span.setAttributes(attributes)
        if (failed !== undefined) span.setAttribute('error.type', failed).setStatus({ code: SpanStatusCode.ERROR })
        span.end()
      },
    }
  }
}
