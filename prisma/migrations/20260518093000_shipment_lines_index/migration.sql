-- Deleting an order deletes its lines, and those look for the lines of their shipments.
CREATE INDEX "shipment_lines_order_id_position_idx" ON "warehouse"."shipment_lines"("order_id", "position");
