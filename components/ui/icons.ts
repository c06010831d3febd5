"use client";

import type { ComponentType, SVGProps } from "react";

/** One of the icons below. */
export type Icon = ComponentType<SVGProps<SVGSVGElement>>;

// The package contains a bundle of these icons (scripts/bundle-icons.ts), because all of lucide-react is larger than
// the rest.
export {
  Activity,
  ArrowLeft,
  ArrowRight,
  Braces,
  Check,
  ChevronDown,
  ChevronLeft,
  ChevronRight,
  CircleCheck,
  CircleX,
  Clock,
  Copy,
  Database,
  Dices,
  Download,
  ExternalLink,
  Eye,
  EyeOff,
  FileArchive,
  FlaskConical,
  Info,
  List,
  LoaderCircle,
  LockOpen,
  Maximize,
  Minus,
  Network,
  Pause,
  Play,
  Plus,
  Printer,
  ReceiptText,
  RefreshCw,
  RotateCw,
  Rows3,
  Search,
  SearchX,
  ShieldCheck,
  ShieldX,
  TriangleAlert,
  Undo2,
  Upload,
  X,
  ZoomIn,
  ZoomOut,
} from "lucide-react";
