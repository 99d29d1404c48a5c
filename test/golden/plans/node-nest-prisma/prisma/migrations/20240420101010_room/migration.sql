-- AlterTable
ALTER TABLE "Booking" ADD COLUMN     "room" INTEGER NOT NULL,
DROP COLUMN "guest";
