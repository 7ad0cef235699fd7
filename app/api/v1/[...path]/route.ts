// Next's door to /api/v1. All routes, their access and their shapes are in lib/api/registry.ts; this file only hands over.
import { dispatch } from "@/lib/api/dispatch";
import { getRuntime } from "@/lib/api/runtime";

export const runtime = "nodejs";
export const dynamic = "force-dynamic";

const handle = (request: Request): Promise<Response> => dispatch(request, getRuntime());

export const GET = handle;
export const POST = handle;
export const PUT = handle;
export const PATCH = handle;
export const DELETE = handle;
