-- CreateTable
CREATE TABLE "Booking" (
    "id" SERIAL NOT NULL,
    "guest" TEXT NOT NULL,
    CONSTRAINT "Booking_pkey" PRIMARY KEY ("id")
);
